"""An autoencoder before the VAE."""

import keras
import numpy as np

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.replica import host_value
from scale_vae_keras.schedules.order import Stage
from scale_vae_keras.schedules.plateau import Plateau, check_adjustable_rate
from scale_vae_keras.settings import whole_number
from scale_vae_keras.training.optimizer_memory import forget_gradients

_MONITOR = "val_reconstruction"
_FACTOR = 0.5


def is_pretraining(model: keras.Model) -> bool:
    """Whether the model is pretrained as an autoencoder just now: the epoch is none of the VAE."""
    return float(host_value(getattr(model, "pretraining", 0.0))) > 0


class AutoencoderPretraining(keras.callbacks.Callback):
    """Trains a `PretrainedVAE` without KL for some epochs, then resets its decoder.

    Li et al. (2019). Anneal the KL from the epoch `epochs` on. The epochs are those that the model
    has counted: a second `fit` continues where the first stopped. `BestModel`, `DecayOnPlateau` and
    `HalvingSchedule` begin with the VAE.

    With `decays` the pretraining follows the published protocol: where the validation
    reconstruction stalls, the learning rate is halved and the best autoencoder so far comes back.
    It ends at the last decay, or after `epochs`; the VAE then starts from the encoder of the best
    autoencoder, with the learning rate of the start. Where it ends early, `epochs_trained` is set
    to `epochs`, so that schedules count from the VAE's start, and `fit` ends by as many epochs
    earlier. Without decays the rate stays as it is, and the VAE starts from the encoder of the last
    epoch. What an optimizer such as Adam remembers of earlier gradients is forgotten with the
    weights that are replaced.

    Args:
        epochs: maximum number of epochs without KL.
        decays: the decay that ends them; 0 for none.
        patience: epochs without improvement before a decay.
        start_epoch: epochs during which nothing decays.

    Raises:
        InputError: an argument is out of its range, or the model cannot be pretrained; at a decay,
            no epoch had a finite loss.

    Example:
        >>> pretraining = sv.callbacks.AutoencoderPretraining(epochs=100, decays=5, patience=5)
        >>> pretraining.epochs, pretraining.stage
        (100, <Stage.SCHEDULE: 2>)
    """

    stage = Stage.SCHEDULE

    def __init__(self, epochs: int, decays: int = 0, patience: int = 2, start_epoch: int = 15):
        super().__init__()
        self.epochs = whole_number("epochs", epochs, 0)
        self.decays = whole_number("decays", decays, 0)
        self._plateau = Plateau(patience, start_epoch)
        self._done = self._unused = 0
        self._ended = False
        self._best, self._best_weights = float("inf"), []
        self._learning_rate = None

    @property
    def unused_epochs(self) -> int:
        """Epochs of a `fit` that pretraining has left over by ending early."""
        return self._unused

    @property
    def ended(self) -> bool:
        """Whether it ended `fit` because of them, so that a longer one may continue."""
        return self._ended

    def on_train_begin(self, logs=None):
        """Checks the model."""
        if not hasattr(self.model, "reset_decoder"):
            raise InputError(
                f"AutoencoderPretraining needs a PretrainedVAE, not {self.model.name!r}"
            )
        if self.decays:
            check_adjustable_rate(self.model, type(self).__name__)

    def on_epoch_begin(self, epoch, logs=None):
        """Begins or ends the pretraining."""
        if epoch == 0:
            self._unused = 0
        self._ended = False
        trained = int(host_value(self.model.epochs_trained))
        self.model.pretraining.assign(float(trained < self.epochs))
        rate = self.model.optimizer.learning_rate
        if trained < self.epochs and self.decays:
            if self._learning_rate is None:
                self._learning_rate = float(host_value(rate))
            rate.assign(self._learning_rate * _FACTOR**self._done)
        if trained == self.epochs and self.epochs > 0:
            if self._best_weights:
                self._take_best()
                rate.assign(self._learning_rate)
                self._best_weights = []
            self.model.reset_decoder()
            forget_gradients(self.model.optimizer, self.model.trainable_variables)

    def on_epoch_end(self, epoch, logs=None):
        """Keeps the best autoencoder, decays the rate where it stalls, and ends `fit` in time."""
        if not self.decays:
            return
        if not is_pretraining(self.model):
            self._end_with_the_vae(epoch)
            return
        value = logs.get(_MONITOR)
        if value is None:
            if self.model.validates:
                return
            raise InputError("decays in pretraining need validation: give fit validation_data")
        if value < self._best:
            self._best = value
            self._best_weights = [
                np.array(host_value(each)) for each in self.model.trainable_variables
            ]
        trained = int(host_value(self.model.epochs_trained))
        if not self._plateau.reached(trained - 1, value):
            return
        if not self._best_weights:
            raise InputError(
                f"no {_MONITOR} was finite so far: training has diverged, lower the learning rate"
            )
        self._take_best()
        self._done += 1
        if self._done == self.decays:
            self._unused = self.epochs - trained
            self.model.epochs_trained.assign(self.epochs)

    def _end_with_the_vae(self, epoch):
        """Ends a `fit` whose pretraining ended early once the VAE has the rest of the epochs."""
        if self._unused and epoch + 1 + self._unused == self.params["epochs"]:
            self._ended = self.model.stop_training = True

    def _take_best(self):
        variables = self.model.trainable_variables
        for variable, value in zip(variables, self._best_weights, strict=True):
            variable.assign(value)
        forget_gradients(self.model.optimizer, self.model.trainable_variables)

    def get_state(self) -> dict:
        """The state that a resumed run needs besides `get_arrays`."""
        return {
            "done": self._done,
            "unused": self._unused,
            "ended": self._ended,
            "best": self._best,
            "learning_rate": self._learning_rate,
            "plateau": self._plateau.get_state(),
        }

    def set_state(self, state: dict) -> None:
        """Restores what `get_state` returned."""
        self._done, self._best = state["done"], state["best"]
        self._unused = state.get("unused", 0)
        self._ended = state.get("ended", False)
        self._learning_rate = state["learning_rate"]
        self._plateau.set_state(state["plateau"])

    def get_arrays(self) -> list[np.ndarray]:
        """The weights of the best autoencoder; none outside pretraining, or without decays."""
        return self._best_weights

    def set_arrays(self, arrays: list[np.ndarray]) -> None:
        """Restores what `get_arrays` returned."""
        self._best_weights = arrays
