"""A run whose first epoch has diverged."""

import math

import keras

from scale_vae_keras.callbacks.best_model import BestModel
from scale_vae_keras.errors import DivergedError
from scale_vae_keras.schedules.order import Stage


class RefuseDivergence(keras.callbacks.Callback):
    """Ends a run that has no best model after an epoch, since a figure of it is not finite.

    Args:
        best: the callback that keeps the best model.
        figure: the key of the epoch's logs that is looked at.
        stage: when it is looked at.

    Raises:
        DivergedError: in `fit`, at the end of such an epoch.
    """

    def __init__(self, best: BestModel, figure: str, stage: Stage):
        super().__init__()
        self.best = best
        self.figure = figure
        self.stage = stage

    def on_epoch_end(self, epoch, logs=None):
        """Looks whether there is a best model."""
        value = logs.get(self.figure)
        if value is None or math.isfinite(value) or self.best.best_epoch is not None:
            return
        raise DivergedError(f"{self.figure} is {value} after epoch {epoch + 1}")
