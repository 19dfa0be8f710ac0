"""The learning-rate schedule of the lagging-encoder protocol."""

import keras

from scale_vae_keras.callbacks.best_model import BestModel
from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.replica import host_value
from scale_vae_keras.schedules.autoencoder_pretraining import is_pretraining
from scale_vae_keras.schedules.model_epoch import model_epoch
from scale_vae_keras.schedules.order import Stage
from scale_vae_keras.schedules.plateau import Plateau, check_adjustable_rate
from scale_vae_keras.settings import real_number, whole_number


class DecayOnPlateau(Plateau, keras.callbacks.Callback):
    """Decays the learning rate when validation stalls, and restores the best weights.

    The protocol of He et al. (2019), used by the BN-VAE and DU-VAE code as well: an epoch that is
    worse than the reference counts; when `patience` such epochs have been counted and more than
    `start_epoch` epochs are done, the rate is multiplied by `factor`, the best weights (with the
    factor of Scale-VAE) are loaded again, and the reference becomes the current value. Training
    stops at decay number `max_decays`. Any other epoch becomes the reference, and the count begins
    anew.

    Epochs without validation and epochs of autoencoder pretraining do not count. The epochs are
    those that the model has counted: a second `fit` continues where the first stopped. It acts
    after `BestModel`, see `in_order`.

    Args:
        best: the callback that keeps the best model.
        factor: multiplies the learning rate.
        patience: epochs without improvement before a decay.
        start_epoch: epochs during which nothing decays.
        max_decays: the decay that ends training.

    Raises:
        InputError: an argument is out of its range; in `fit`, `best` is not among the callbacks.

    Example:
        >>> best = sv.callbacks.BestModel("best.keras")
        >>> decay = sv.callbacks.DecayOnPlateau(best, patience=2, start_epoch=15)
        >>> [type(each).__name__ for each in sv.callbacks.in_order([decay, best])]
        ['BestModel', 'DecayOnPlateau']
    """

    stage = Stage.DECAY
    sets_rate = True

    def __init__(
        self,
        best: BestModel,
        factor: float = 0.5,
        patience: int = 2,
        start_epoch: int = 15,
        max_decays: int = 5,
    ):
        keras.callbacks.Callback.__init__(self)
        Plateau.__init__(self, patience, start_epoch)
        self.best = best
        self.factor = real_number("factor", factor, above=0, below=1)
        self.max_decays = whole_number("max_decays", max_decays, 1)
        self.decays = 0

    def on_train_begin(self, logs=None):
        """Checks the optimizer, and that the best model is kept."""
        check_adjustable_rate(self.model, type(self).__name__)
        if self.best.model is not self.model:
            raise InputError("DecayOnPlateau loads what its BestModel keeps: give fit that, too")

    def on_epoch_end(self, epoch, logs=None):
        """Decays, reloads or stops."""
        logs["learning_rate"] = float(host_value(self.model.optimizer.learning_rate))
        value = logs.get(self.best.monitor)
        if value is None or is_pretraining(self.model):
            return
        if not self.reached(model_epoch(self.model, epoch + 1) - 1, value):
            return
        self.decays += 1
        self._load_best()
        self.model.optimizer.learning_rate.assign(logs["learning_rate"] * self.factor)
        if self.decays == self.max_decays:
            self.model.stop_training = True

    def _load_best(self):
        if self.best.best_epoch is None:
            raise InputError(
                f"no {self.best.monitor} was finite so far: training has diverged, lower the "
                "learning rate"
            )
        counters = self.model.counters
        counts = [host_value(counter) for counter in counters]
        self.model.load_weights(self.best.path)
        for counter, count in zip(counters, counts, strict=True):
            counter.assign(count)

    def get_state(self) -> dict:
        """The state that a resumed run needs."""
        return {**super().get_state(), "decays": self.decays}

    def set_state(self, state: dict) -> None:
        """Restores what `get_state` returned."""
        super().set_state(state)
        self.decays = state["decays"]
