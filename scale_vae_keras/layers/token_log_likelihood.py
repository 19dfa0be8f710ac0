"""Log-probabilities of target tokens, with a cheap gradient."""

import tensorflow as tf

from scale_vae_keras.layers.custom_gradient import custom_gradient


@custom_gradient
def token_log_likelihood(hidden: tf.Tensor, kernel: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    """Log-probability of each target under softmax(hidden @ kernel).

    The exponentials of the shifted logits are kept from the forward pass. The gradient of the
    logits is, up to a factor per row, those exponentials less their sum at the target, so that
    the backward pass consists of two matrix products and touches no `[positions, vocabulary]` entry
    but the targets. The sums are float32 under every precision policy.

    Args:
        hidden: `[positions, units]`.
        kernel: `[units, vocabulary]`, of the dtype of `hidden`.
        targets: int32 `[positions]`.

    Returns:
        Log-probabilities in nats, `[positions]`, float32, or float64 for float64 inputs.
    """
    logits = tf.matmul(hidden, kernel)
    wide = logits.dtype if logits.dtype == tf.float64 else tf.float32
    logits = tf.cast(logits, wide)
    top = tf.reduce_max(logits, axis=-1, keepdims=True)
    shifted = logits - top
    exponentials = tf.exp(shifted)
    total = tf.reduce_sum(exponentials, axis=-1)
    chosen = tf.gather(shifted, targets, batch_dims=1)
    # Rounded before they are kept: half of the memory, and half of what is copied below.
    at_target = tf.cast(tf.gather(exponentials, targets, batch_dims=1) - total, hidden.dtype)
    kept = tf.cast(exponentials, hidden.dtype)

    def gradient(upstream):
        places = tf.stack([tf.range(tf.shape(targets)[0]), targets], axis=1)
        scaled = tf.tensor_scatter_nd_update(kept, places, at_target)
        weight = tf.cast(-upstream / total, hidden.dtype)[:, None]
        d_hidden = tf.matmul(scaled, kernel, transpose_b=True) * weight
        d_kernel = tf.matmul(hidden * weight, scaled, transpose_a=True)
        return d_hidden, d_kernel, None

    return chosen - tf.math.log(total), gradient
