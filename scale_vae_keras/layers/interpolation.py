"""Points between latent codes."""

import tensorflow as tf


def between(start: tf.Tensor, end: tf.Tensor, alpha: tf.Tensor) -> tf.Tensor:
    """The point `alpha` of the way on the line from one code to another, `[rows, latent]`.

    Args:
        start: float32 `[rows, latent]` or `[1, latent]`.
        end: as `start`.
        alpha: 0 is `start` and 1 is `end`, float32 `[rows]`.
    """
    alpha = tf.cast(alpha, tf.float32)[:, tf.newaxis]
    return (1 - alpha) * start + alpha * end
