"""Sums over the global batch when training runs on several replicas."""

import keras
import numpy as np
import tensorflow as tf


def global_sum(value: tf.Tensor) -> tf.Tensor:
    """Sums `value` over the replicas in sync; gradients flow through the sum.

    Args:
        value: a tensor of any shape and float dtype, this replica's local sum.

    Returns:
        A tensor of the same shape: the sum over replicas, or `value` itself on one replica.
    """
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return value
    return context.all_reduce(tf.distribute.ReduceOp.SUM, value)


def global_batch_size(local: tf.Tensor) -> tf.Tensor:
    """Number of sentences in the global batch, float32 scalar.

    Args:
        local: any tensor whose first dimension is this replica's share of the batch.
    """
    return global_sum(tf.cast(tf.shape(local)[0], tf.float32))


def first_global_row(local: tf.Tensor) -> tf.Tensor:
    """Index of this replica's first sentence within the global batch, int32 scalar.

    Replicas hold consecutive slices of the global batch, which may be of unequal size or empty.

    Args:
        local: any tensor whose first dimension is this replica's share of the batch.
    """
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return tf.constant(0)
    replica = context.replica_id_in_sync_group
    own = tf.one_hot(replica, context.num_replicas_in_sync, dtype=tf.int32) * tf.shape(local)[0]
    sizes = context.all_reduce(tf.distribute.ReduceOp.SUM, own)
    return tf.reduce_sum(sizes[:replica])


def global_rows(local: tf.Tensor) -> tf.Tensor:
    """The rows of the global batch on every replica; gradients flow back to where they came from.

    Args:
        local: `[batch, width]` of a float dtype, this replica's slice, which may be empty.

    Returns:
        `[global batch, width]`.
    """
    first = first_global_row(local)
    rows = tf.shape(local)[0]
    total = tf.cast(global_batch_size(local), tf.int32)
    return global_sum(tf.pad(local, [[first, total - first - rows], [0, 0]]))


def global_moments(local: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Mean and variance of each column over the global batch, in two passes.

    Args:
        local: float32 `[batch, width]`, this replica's slice.

    Returns:
        Mean `[width]`, variance `[width]` (divided by N), and N as a float32 scalar.
    """
    count = global_batch_size(local)
    divisor = tf.maximum(count, 1.0)
    mean = global_sum(tf.reduce_sum(local, axis=0)) / divisor
    variance = global_sum(tf.reduce_sum(tf.square(local - mean), axis=0)) / divisor
    return mean, variance, count


def host_value(variable: keras.Variable) -> np.ndarray:
    """The value of a weight outside of graphs, where every replica holds the same."""
    return tf.convert_to_tensor(variable).numpy()
