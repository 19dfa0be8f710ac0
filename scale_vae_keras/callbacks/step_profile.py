"""A profile of a few training steps."""

import os

import keras
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.schedules.order import Stage


class StepProfile(keras.callbacks.Callback):
    """Records what TensorFlow does from one training step to another.

    Args:
        folder: one of TensorBoard's runs; the profile goes to `plugins/profile` in it.
        first: the first step of the profile, counted from 1 from the start of `fit`.
        last: its last step.

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
        self._step = 0
        self._running = False

    def on_train_batch_begin(self, batch, logs=None):
        """Starts the profile."""
        self._step += 1
        if self._step == self.first:
            tf.profiler.experimental.start(self.folder)
            self._running = True

    def on_train_batch_end(self, batch, logs=None):
        """Ends the profile."""
        if self._step == self.last:
            self._stop()

    def on_train_end(self, logs=None):
        """Ends the profile of a training that ended before."""
        self._stop()

    def _stop(self):
        if self._running:
            tf.profiler.experimental.stop()
            self._running = False
