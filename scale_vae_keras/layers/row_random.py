"""Random numbers that belong to a row and not to its batch."""

import numpy as np
import tensorflow as tf

from scale_vae_keras.settings import LARGEST_INT32, whole_number

TOKEN_STREAM, LATENT_STREAM, COMPONENT_STREAM = 0, 1, 2


def row_uniforms(seeds: tf.Tensor, count: int | tf.Tensor, stream: int = TOKEN_STREAM) -> tf.Tensor:
    """Uniform numbers in [0, 1) per row, float32 `[batch, count]`.

    Args:
        seeds: int64 `[batch]`, one seed per row; equal seeds give equal rows.
        count: numbers per row.
        stream: numbers of different streams are independent.
    """
    return tf.map_fn(
        lambda seed: tf.random.stateless_uniform([count], tf.stack([seed, stream])),
        seeds,
        fn_output_signature=tf.TensorSpec([None], tf.float32),
    )


def row_normals(seeds: tf.Tensor, count: int | tf.Tensor) -> tf.Tensor:
    """Standard normal numbers per row, float32 `[batch, count]`.

    Args:
        seeds: int64 `[batch]`, one seed per row; equal seeds give equal rows.
        count: numbers per row.
    """
    return tf.map_fn(
        lambda seed: tf.random.stateless_normal([count], tf.stack([seed, LATENT_STREAM])),
        seeds,
        fn_output_signature=tf.TensorSpec([None], tf.float32),
    )


def row_seeds(count: int, seed: int) -> np.ndarray:
    """The seeds of `count` rows that belong to one seed, int64 `[count]`.

    Rows of a larger count begin with those of a smaller one.

    Raises:
        InputError: `count` or `seed` is no whole number, `count` is below 1 or beyond int32, or
            `seed` below 0.
    """
    count = whole_number("the number of sentences", count, 1, LARGEST_INT32)
    random = np.random.default_rng(whole_number("seed", seed, 0))
    return random.integers(0, 2**62, size=count, dtype=np.int64)
