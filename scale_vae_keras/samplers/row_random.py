"""Random numbers that belong to a row and not to its batch."""

import numpy as np
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


def row_seeds(count: int, seed: int) -> np.ndarray:
    """The seeds of `count` rows that belong to one seed, int64 `[count]`.

    Rows of a larger count begin with those of a smaller one.
    """
    return np.random.default_rng(seed).integers(0, 2**62, size=count, dtype=np.int64)
