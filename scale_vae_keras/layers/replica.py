"""Sums over the global batch when training runs on several replicas."""

import keras
import numpy as np
import tensorflow as tf


def global_sum(value: tf.Tensor | list[tf.Tensor]) -> tf.Tensor | list[tf.Tensor]:
    """Sums `value` over the replicas in sync; gradients flow through the sum.

    Args:
        value: a tensor of any shape and float dtype, this replica's local sum; or a list of such,
            which are sent together.

    Returns:
        The same shapes: the sum over replicas, or `value` itself on one replica.
    """
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return value
    return context.all_reduce(tf.distribute.ReduceOp.SUM, value)


def own_rows(batch: tf.Tensor) -> tf.Tensor:
    """This replica's slice of a batch that every replica was given whole.

    Replica r of R takes the rows from `rows * r // R` up to `rows * (r + 1) // R`: consecutive
    slices that differ by at most one row and are empty where there are fewer rows than replicas.

    Args:
        batch: the global batch, `[batch, ...]`.

    Returns:
        `[share of the batch, ...]`.
    """
    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync == 1:
        return batch
    rows = tf.shape(batch)[0]
    replica = tf.cast(context.replica_id_in_sync_group, tf.int32)
    first, end = (rows * (replica + k) // context.num_replicas_in_sync for k in (0, 1))
    return batch[first:end]


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process writes the files: among several workers only the first one does."""
    resolver = strategy.cluster_resolver
    jobs = resolver.cluster_spec().jobs if resolver else ()
    return not jobs or (resolver.task_type, resolver.task_id) == (
        "chief" if "chief" in jobs else "worker",
        0,
    )


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
    return sums_before(tf.shape(local)[:1])[0]


def sums_before(own: tf.Tensor) -> tf.Tensor:
    """Sums of the counts of the replicas before this one, int32 `[counts]`.

    Args:
        own: this replica's counts, int32 `[counts]`.
    """
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return tf.zeros_like(own)
    replica = context.replica_id_in_sync_group
    place = tf.one_hot(replica, context.num_replicas_in_sync, dtype=tf.int32)
    counts = context.all_reduce(tf.distribute.ReduceOp.SUM, place[:, tf.newaxis] * own)
    return tf.reduce_sum(counts[:replica], axis=0)


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


def global_moments(local: tf.Tensor, ddof: int = 0) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Mean and variance of each column over the global batch, in two passes.

    Sums are taken in float64, so that they do not depend on how the batch is divided.

    Args:
        local: float32 `[batch, width]`, this replica's slice.
        ddof: the squared deviations are divided by N - ddof.

    Returns:
        Mean `[width]`, variance `[width]`, and N, a scalar, all float32.
    """
    count = global_batch_size(local)
    size = tf.cast(count, tf.float64)
    wide = tf.cast(local, tf.float64)
    mean = global_sum(tf.reduce_sum(wide, axis=0)) / tf.maximum(size, 1.0)
    squares = global_sum(tf.reduce_sum(tf.square(wide - mean), axis=0))
    variance = squares / tf.maximum(size - ddof, 1.0)
    return tf.cast(mean, tf.float32), tf.cast(variance, tf.float32), count


def host_value(variable: keras.Variable) -> np.ndarray:
    """The value of a weight outside of graphs, where every replica holds the same."""
    return tf.convert_to_tensor(variable).numpy()
