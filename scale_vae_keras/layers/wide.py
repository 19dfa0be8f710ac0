"""The precision of sums."""

import tensorflow as tf


def wide(dtype: tf.DType | str) -> tf.DType:
    """What is added up in: float32 for half precision, else the dtype itself."""
    dtype = tf.as_dtype(dtype)
    return tf.float32 if dtype.size < 4 else dtype
