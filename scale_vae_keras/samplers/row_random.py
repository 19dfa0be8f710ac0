"""Random numbers that belong to a row and not to its batch."""

import tensorflow as tf


def row_uniforms(seeds: tf.Tensor, count: int | tf.Tensor) -> tf.Tensor:
    """Uniform numbers in [0, 1) for each row, float32 `[batch, count]`.

    Args:
        seeds: int64 `[batch]`, one seed a row; equal seeds give equal rows.
        count: numbers a row.
    """
    return tf.map_fn(
        lambda seed: tf.random.stateless_uniform([count], tf.stack([seed, 0])),
        seeds,
        fn_output_signature=tf.TensorSpec([None], tf.float32),
    )


def row_normals(seeds: tf.Tensor, count: int | tf.Tensor) -> tf.Tensor:
    """Standard normal numbers for each row, float32 `[batch, count]`.

    Args:
        seeds: int64 `[batch]`, one seed a row; equal seeds give equal rows.
        count: numbers a row.
    """
    return tf.map_fn(
        lambda seed: tf.random.stateless_normal([count], tf.stack([seed, 1])),
        seeds,
        fn_output_signature=tf.TensorSpec([None], tf.float32),
    )
