"""Means over the sentences of all replicas."""

import keras
import tensorflow as tf


class GlobalMean(keras.metrics.Metric):
    """Mean of a value of each sentence, from sums that are over the global batch already.

    Every replica holds the same, so that the mean is whole on each at every step.

    Args:
        name: key of the logs.
    """

    def __init__(self, name: str):
        super().__init__(name=name)
        self.total, self.count = (
            self.add_variable((), "zeros", aggregation="only_first_replica", name=part)
            for part in ("total", "count")
        )

    def update_state(self, total: tf.Tensor, count: tf.Tensor) -> None:
        """Adds the sum of a batch and its number of sentences, scalars."""
        self.total.assign_add(total)
        self.count.assign_add(count)

    def result(self) -> tf.Tensor:
        """The mean; not a number before the first sentence."""
        return self.total / self.count
