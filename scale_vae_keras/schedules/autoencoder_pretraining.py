"""An autoencoder before the VAE."""

import keras

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.replica import host_value
from scale_vae_keras.schedules.order import Stage


class AutoencoderPretraining(keras.callbacks.Callback):
    """Trains a `PretrainedVAE` without KL for some epochs, then resets its decoder.

    Li et al. (2019). Anneal the KL from the epoch `epochs` on. The epochs are those that the model
    has counted: a second `fit` continues where the first stopped.

    Args:
        epochs: epochs without KL.

    Raises:
        InputError: `epochs` is negative, or the model cannot be pretrained.

    Example:
        >>> pretraining = sv.callbacks.AutoencoderPretraining(epochs=5)
        >>> pretraining.epochs, pretraining.stage
        (5, <Stage.SCHEDULE: 2>)
    """

    stage = Stage.SCHEDULE

    def __init__(self, epochs: int):
        super().__init__()
        if epochs < 0:
            raise InputError(f"the epochs of pretraining must not be negative, got {epochs}")
        self.epochs = epochs

    def on_train_begin(self, logs=None):
        """Checks the model."""
        if not hasattr(self.model, "reset_decoder"):
            raise InputError(
                f"AutoencoderPretraining needs a PretrainedVAE, not {self.model.name!r}"
            )

    def on_epoch_begin(self, epoch, logs=None):
        """Begins or ends the pretraining."""
        trained = int(host_value(self.model.epochs_trained))
        self.model.pretraining.assign(float(trained < self.epochs))
        if trained == self.epochs and self.epochs > 0:
            self.model.reset_decoder()
