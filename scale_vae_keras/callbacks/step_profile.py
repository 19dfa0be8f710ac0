"""A profile of a few training steps."""

import logging
import os

import keras
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.schedules.order import Stage

_logger = logging.getLogger("scale_vae_keras")


class StepProfile(keras.callbacks.Callback):
    """Records what TensorFlow does from one training step to another.

    Args:
        folder: one of TensorBoard's runs; the profile goes to `plugins/profile` in it.
        first: the first step of the profile, counted from 1 from the start of `fit`.
        last: its last step. Under `steps_per_execution` the profile holds whole calls.

    Raises:
        InputError: the steps are not in order or `first` is below 1.

    Example:
        >>> profile = sv.callbacks.StepProfile("logs", first=10, last=15)
        >>> profile.first, profile.last
        (10, 15)
    """

    stage = Stage.PROFILE

    def __init__(self, folder: str | os.PathLike, first: int, last: int):
        super().__init__()
        if not 1 <= first <= last:
            raise InputError(f"cannot profile steps {first} to {last}: give 1 <= FIRST <= LAST")
        self.folder = os.fspath(folder)
        self.first = first
        self.last = last

    def on_train_begin(self, logs=None):
        """Starts to count."""
        self._steps = 0
        self._started = self._running = False

    def on_epoch_begin(self, epoch, logs=None):
        """Notes how many steps the epochs before had."""
        self._steps_before = self._steps

    def on_train_batch_begin(self, batch, logs=None):
        """Starts the profile with the call that holds its first step."""
        # A call runs several steps under `steps_per_execution`.
        last_of_call = self._steps + self.model.steps_per_execution
        if not self._started and last_of_call >= self.first:
            tf.profiler.experimental.start(self.folder)
            self._started = self._running = True

    def on_train_batch_end(self, batch, logs=None):
        """Ends the profile with the call that holds its last step."""
        self._steps = self._steps_before + batch + 1
        if self._steps >= self.last:
            self._stop()

    def on_train_end(self, logs=None):
        """Ends the profile of a training that ended before, and says where there is none."""
        if not self._started:
            _logger.warning(
                "no profile: training ended after step %d, before step %d", self._steps, self.first
            )
        self._stop()

    def _stop(self):
        if self._running:
            tf.profiler.experimental.stop()
            self._running = False
