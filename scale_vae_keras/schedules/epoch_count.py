"""The epochs and steps that a model has been trained for."""

import keras

from scale_vae_keras.schedules.model_epoch import model_epoch
from scale_vae_keras.schedules.order import Stage


class EpochCount(keras.callbacks.Callback):
    """Counts in the model's weights: finished epochs, and steps of the epoch.

    `SentenceModel.fit` places it first. A second `fit` continues where the first stopped, and
    `initial_epoch` says where a run is that starts with a model that has been trained less. The
    count never falls within a `fit`, whatever weights are loaded, and goes on from a greater one
    that a callback sets.
    """

    stage = Stage.GUARD

    def __init__(self):
        super().__init__()
        self._done = 0

    def on_train_begin(self, logs=None):
        """Forgets an earlier `fit`."""
        self._done = 0

    def on_epoch_begin(self, epoch, logs=None):
        """Sets the number of finished epochs."""
        self._done = max(self._done, model_epoch(self.model, epoch))
        self.model.epochs_trained.assign(self._done)
        self._begins = True

    def on_train_batch_begin(self, batch, logs=None):
        """Sets the step that the epoch begins with, which is not 0 in a resumed epoch."""
        if self._begins:
            self.model.epoch_step.assign(batch)
            self._begins = False

    def on_epoch_end(self, epoch, logs=None):
        """Counts the epoch."""
        self._done += 1
        self.model.epochs_trained.assign(self._done)
