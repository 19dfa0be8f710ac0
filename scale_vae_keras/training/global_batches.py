"""Batches that every replica is given whole."""

import tensorflow as tf


class GlobalBatches(tf.data.Dataset, tf.distribute.DistributedDataset):
    """A dataset that Keras takes for one that is divided among replicas already.

    Each step of a `SentenceModel` takes its replica's rows out of the whole batch. Every worker of
    a `MultiWorkerMirroredStrategy` therefore has to read the same batches in the same order.

    Args:
        batches: the dataset.
    """

    def __init__(self, batches: tf.data.Dataset):
        self._batches = batches
        super().__init__(batches._variant_tensor)

    def _inputs(self):
        return [self._batches]

    @property
    def element_spec(self):
        """Shapes and dtypes of a whole batch."""
        return self._batches.element_spec
