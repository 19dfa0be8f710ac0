"""Keeps the best model of a run on disk."""

import os
from pathlib import Path

import keras

from scale_vae_keras.errors import InputError
from scale_vae_keras.files import written_whole
from scale_vae_keras.metrics import EVALUATION
from scale_vae_keras.schedules.autoencoder_pretraining import is_pretraining
from scale_vae_keras.schedules.order import Stage


class BestModel(keras.callbacks.Callback):
    """Saves the whole model whenever the monitored value falls to a new minimum.

    The file is replaced atomically. Epochs without validation, as with `validation_freq=2`, are
    skipped, and so are those in which an autoencoder is pretrained.

    Args:
        path: the `.keras` file.
        monitor: the key of the epoch's logs that is minimised.

    Raises:
        InputError: `monitor` is a figure of which more is better; in `fit`, the logs lack it.

    Example:
        >>> best = sv.callbacks.BestModel("best.keras")
        >>> best.set_model(keras.Sequential([keras.Input([2]), keras.layers.Dense(1)]))
        >>> for epoch, loss in enumerate([3.0, 2.0, 2.5]):
        ...     best.on_epoch_end(epoch, {"val_loss": loss})
        >>> best.best, best.best_epoch, best.path.exists()
        (2.0, 1, True)
    """

    stage = Stage.BEST

    def __init__(self, path: str | os.PathLike, monitor: str = "val_loss"):
        super().__init__()
        if monitor in EVALUATION and EVALUATION[monitor].better == "larger":
            raise InputError(f"BestModel keeps the least {monitor}, and more of it is better")
        self.path = Path(path)
        self.monitor = monitor
        self.best = float("inf")
        self.best_epoch = None

    def on_epoch_end(self, epoch, logs=None):
        """Saves the model if this epoch is the best."""
        if self.monitor not in logs:
            validated = any(name.startswith("val_") for name in logs)
            if getattr(self.model, "validates", False) and not validated:
                return
            advice = f"choose one of {', '.join(logs)}" if validated else "give fit validation data"
            raise InputError(f"the logs have no {self.monitor!r}: {advice}")
        value = logs[self.monitor]
        if value < self.best and not is_pretraining(self.model):
            with written_whole(self.path) as temporary:
                self.model.save(temporary)
            self.best, self.best_epoch = value, epoch

    def get_state(self) -> dict:
        """The state that a resumed run needs."""
        return {"best": self.best, "best_epoch": self.best_epoch}

    def set_state(self, state: dict) -> None:
        """Restores what `get_state` returned."""
        self.best, self.best_epoch = state["best"], state["best_epoch"]
