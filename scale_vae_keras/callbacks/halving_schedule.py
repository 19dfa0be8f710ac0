"""A learning-rate schedule of known length."""

import keras

from scale_vae_keras.schedules.autoencoder_pretraining import is_pretraining
from scale_vae_keras.schedules.model_epoch import model_epoch
from scale_vae_keras.schedules.order import Stage
from scale_vae_keras.schedules.plateau import check_adjustable_rate
from scale_vae_keras.settings import real_number, whole_number


class HalvingSchedule(keras.callbacks.LearningRateScheduler):
    """Halves the learning rate at the start of every epoch after the first `constant_epochs`.

    The epochs are those that the model has counted: a second `fit` continues where the first
    stopped. The rate does not change while an autoencoder is pretrained.

    Args:
        learning_rate: the rate of the first epochs.
        constant_epochs: number of epochs at that rate; with 0 the first has half of it.

    Raises:
        InputError: an argument is out of its range; in `fit`, the optimizer has a schedule of its
            own.

    Example:
        >>> halving = sv.callbacks.HalvingSchedule(0.001, constant_epochs=2)
        >>> [halving.schedule(epoch) for epoch in range(4)]
        [0.001, 0.001, 0.0005, 0.00025]
    """

    stage = Stage.DECAY
    sets_rate = True

    def __init__(self, learning_rate: float, constant_epochs: int):
        learning_rate = real_number("learning_rate", learning_rate, above=0)
        constant_epochs = whole_number("constant_epochs", constant_epochs, 0)
        super().__init__(lambda epoch: learning_rate * 0.5 ** max(0, epoch - constant_epochs + 1))

    def on_train_begin(self, logs=None):
        """Checks the optimizer."""
        check_adjustable_rate(self.model, type(self).__name__)

    def on_epoch_begin(self, epoch, logs=None):
        """Sets the rate of the epoch."""
        if not is_pretraining(self.model):
            super().on_epoch_begin(model_epoch(self.model, epoch), logs)
