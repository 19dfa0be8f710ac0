"""Copies of callbacks that share their data."""

import copy

import tensorflow as tf

from scale_vae_keras.data.encoded import EncodedSplit


class SharedData:
    """Mixin for callbacks that hold data: KerasTuner copies callbacks for each trial."""

    def __deepcopy__(self, memo):
        """A copy of all but the data; a `tf.data.Dataset` cannot be copied."""
        copied = memo[id(self)] = copy.copy(self)
        for name, value in vars(self).items():
            if not isinstance(value, tf.data.Dataset | EncodedSplit):
                setattr(copied, name, copy.deepcopy(value, memo))
        return copied
