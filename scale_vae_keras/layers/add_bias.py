"""Biases whose gradients are exact in half precision."""

import tensorflow as tf

from scale_vae_keras.layers.wide import wide


def add_bias(values: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    """Adds a bias in float32, or in float64 to such values.

    The gradient of a bias is a sum over all tokens. In 16 bits TensorFlow adds it up in 16 bits,
    where 256 ones or more are 256 in bfloat16; on a GPU by atomic operations, which took half of
    the GPU's time in a Transformer's training step.

    Args:
        values: `[..., units]`, of any floating-point dtype.
        bias: `[units]`; it is rounded to the dtype of the values first, as all weights are.

    Returns:
        `[..., units]`.
    """
    dtype, bias = wide(values.dtype), tf.cast(bias, values.dtype)
    return tf.nn.bias_add(tf.cast(values, dtype), tf.cast(bias, dtype))
