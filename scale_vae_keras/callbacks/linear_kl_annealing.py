"""Linear annealing of the KL weight."""

import keras

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.replica import host_value


class LinearKLAnnealing(keras.callbacks.Callback):
    """Raises the model's `kl_weight` from `start` to 1, linearly a step, over `epochs` epochs.

    Bowman et al. (2016); the form of the lagging-encoder protocol, with 10 epochs from 0 or 0.1.

    Args:
        start: the weight of the first step, in [0, 1].
        epochs: epochs until the weight is 1; 0 keeps it at 1.

    Raises:
        InputError: an argument is out of its range.
    """

    def __init__(self, start: float = 0.0, epochs: int = 10):
        super().__init__()
        if not 0 <= start <= 1:
            raise InputError(f"the KL weight must start in [0, 1], got {start}")
        if epochs < 0:
            raise InputError(f"the KL weight cannot rise over {epochs} epochs")
        self.start = start
        self.epochs = epochs

    def on_epoch_begin(self, epoch, logs=None):
        """Remembers where in the run this epoch starts."""
        if self.params["steps"] is None:
            raise InputError("data of unknown length: pass steps_per_epoch to fit")
        self._first_step = epoch * self.params["steps"]

    def on_train_batch_begin(self, batch, logs=None):
        """Sets the weight of this step."""
        ramp = self.epochs * self.params["steps"]
        done = 1.0 if ramp == 0 else min(1.0, (self._first_step + batch) / ramp)
        self.model.kl_weight.assign(self.start + (1.0 - self.start) * done)

    def on_epoch_end(self, epoch, logs=None):
        """Adds `kl_weight` to the epoch's logs."""
        if logs is not None:
            logs["kl_weight"] = float(host_value(self.model.kl_weight))
