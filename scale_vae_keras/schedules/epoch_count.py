"""The epochs and steps that a model has been trained for."""

import keras

from scale_vae_keras.layers.replica import host_value
from scale_vae_keras.schedules.order import Stage


class EpochCount(keras.callbacks.Callback):
    """Counts in the model's weights: finished epochs, and steps of the epoch.

    `SentenceModel.fit` places it first. A second `fit` continues where the first stopped, and
    `initial_epoch` says where a run is that starts with a model that has been trained less.
    """

    stage = Stage.GUARD

    def __init__(self):
        super().__init__()
        self._shift = None

    def on_train_begin(self, logs=None):
        """Forgets an earlier `fit`."""
        self._shift = None

    def on_epoch_begin(self, epoch, logs=None):
        """Sets the number of finished epochs."""
        if self._shift is None:
            self._shift = max(int(host_value(self.model.epochs_trained)) - epoch, 0)
        self.model.epochs_trained.assign(epoch + self._shift)
        self._begins = True

    def on_train_batch_begin(self, batch, logs=None):
        """Sets the step that the epoch begins with, which is not 0 in a resumed epoch."""
        if self._begins:
            self.model.epoch_step.assign(batch)
            self._begins = False

    def on_epoch_end(self, epoch, logs=None):
        """Counts the epoch."""
        self.model.epochs_trained.assign(epoch + self._shift + 1)
