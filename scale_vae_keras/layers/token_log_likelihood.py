"""Log-probabilities of target tokens, with a cheap gradient."""

from functools import cache

import tensorflow as tf

from scale_vae_keras.layers.custom_gradient import custom_gradient
from scale_vae_keras.layers.portable_graphs import traced_for_gpu
from scale_vae_keras.layers.scatter_update import scatter_update
from scale_vae_keras.layers.wide import wide

_SMALLEST_NORMAL = 1.2e-38
_ALIGNED = 8
"""Entries of a row of 16 bits that the tensor cores of a GPU read at once."""


@custom_gradient
def token_log_likelihood(hidden: tf.Tensor, kernel: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    """Log-probability of each target under softmax(hidden @ kernel).

    A softmax in one operation is the fastest pass over the vocabulary on a CPU with oneDNN. It is
    kept from the forward pass: less one at the target it is, up to a factor per row, the gradient
    of the logits, so that the backward pass consists of two matrix products and touches no
    `[positions, vocabulary]` entry but the targets. Where a target's probability leaves the range
    of float32, its logarithm is taken the other way.

    The softmax is computed in float32 under every precision policy. In 16 bits its results are
    rounded, in bfloat16 by 0.2 % at most: 0.002 nats for a token, less than what rounding does to
    the logits.

    Args:
        hidden: `[positions, units]`.
        kernel: `[units, vocabulary]`, of the dtype of `hidden`.
        targets: int32 `[positions]`.

    Returns:
        Log-probabilities in nats, `[positions]`, float32, or float64 for float64 inputs.
    """
    vocabulary = kernel.shape[1]
    kernel, added = _aligned(kernel)

    def product():
        logits = tf.matmul(hidden, kernel)
        return logits if added is None else tf.nn.bias_add(logits, added)

    logits = product()
    dtype = wide(logits.dtype)
    if logits.dtype != tf.bfloat16 or not _softmax_is_wide():
        logits = tf.cast(logits, dtype)
    probabilities = tf.nn.softmax(logits)
    of_target = tf.cast(tf.gather(probabilities, targets, batch_dims=1), dtype)
    kept = tf.cast(probabilities, hidden.dtype)

    def in_logarithms():
        # The memory of the logits may hold the probabilities by now.
        again = tf.nn.log_softmax(tf.cast(product(), dtype))
        return tf.gather(again, targets, batch_dims=1)

    log_probability = tf.cond(
        tf.reduce_min(of_target) > _SMALLEST_NORMAL,
        lambda: tf.math.log(of_target),
        in_logarithms,
    )

    def gradient(upstream):
        places = tf.stack([tf.range(tf.shape(targets)[0]), targets], axis=1)
        d_logits = scatter_update(kept, places, tf.cast(of_target - 1, kept.dtype))
        weight = tf.cast(-upstream, hidden.dtype)[:, None]
        d_hidden = tf.matmul(d_logits, kernel, transpose_b=True) * weight
        # After the other product, which the loops of the backward pass wait for.
        with tf.control_dependencies([d_hidden]):
            d_kernel = tf.matmul(hidden * weight, d_logits, transpose_a=True)
        return d_hidden, d_kernel[:, :vocabulary], None

    return log_probability, gradient


def _aligned(kernel):
    """The kernel with as many columns as a GPU reads at full speed, and what to add to the logits.

    With an odd vocabulary a step of the paper's shape took a tenth longer. The columns that are
    joined on have a probability of zero; nothing is added to the logits where there are none.
    """
    missing = -kernel.shape[1] % _ALIGNED
    if not missing or not traced_for_gpu():
        return kernel, None
    never = tf.fill([missing], tf.constant(kernel.dtype.min, kernel.dtype))
    added = tf.concat([tf.zeros([kernel.shape[1]], kernel.dtype), never], axis=0)
    return tf.pad(kernel, [[0, 0], [0, missing]]), added


@cache
def _softmax_is_wide() -> bool:
    """Whether the softmax of bfloat16 adds up in float32, as oneDNN's does.

    TensorFlow's own, where oneDNN is off or does not know the processor, adds up in bfloat16: its
    probabilities are off by half a per cent on average, and those of a row sum up to 0.99 to 1.01.
    """
    with tf.init_scope():
        logits = tf.cast(tf.random.stateless_normal([64, 4000], [0, 0], 0.0, 2.0), tf.bfloat16)
        sums = tf.reduce_sum(tf.cast(tf.nn.softmax(logits), tf.float32), axis=1)
        return bool(tf.reduce_max(tf.abs(sums - 1)) < 0.003)
