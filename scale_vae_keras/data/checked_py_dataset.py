"""A `keras.utils.PyDataset` whose batches are checked."""

from collections.abc import Callable
from typing import Any

import keras

from scale_vae_keras.errors import InputError


class _CheckedPyDataset(keras.utils.PyDataset):
    """The batches of another one, each as it is read.

    Args:
        dataset: what to read.
        check: takes a batch and returns it, perhaps in another form, or raises.
    """

    def __init__(self, dataset: keras.utils.PyDataset, check: Callable[[Any], Any]):
        super().__init__(dataset.workers, dataset.use_multiprocessing, dataset.max_queue_size)
        self._dataset = dataset
        self._check = check

    def __getitem__(self, index):
        return self._check(self._dataset[index])

    @property
    def num_batches(self):
        """How many there are; None where that is not known."""
        return self._dataset.num_batches

    def on_epoch_begin(self):
        """Passed on."""
        self._dataset.on_epoch_begin()

    def on_epoch_end(self):
        """Passed on."""
        self._dataset.on_epoch_end()


def checked_py_dataset(
    dataset: keras.utils.PyDataset, check: Callable[[Any], Any]
) -> keras.utils.PyDataset:
    """A dataset whose batches are checked as they are read, the first one at once.

    Where other processes make the batches only the first one is: what checks computes with
    TensorFlow, which hangs in a process that was forked.

    Args:
        dataset: what to read.
        check: takes a batch and returns it, perhaps in another form, or raises.

    Raises:
        InputError: a part of the first batch is None.
    """
    checked = _CheckedPyDataset(dataset, check)
    first = checked[0]
    if isinstance(first, tuple) and any(part is None for part in first):
        raise InputError(
            "Keras reads no None from a PyDataset, as in (ids, None, sample_weight): give a "
            "generator or a tf.data.Dataset of such batches"
        )
    return dataset if dataset.use_multiprocessing else checked
