"""Says that a model which normalises its posterior means by the batch has not done so."""

import logging

import keras

from scale_vae_keras.schedules.order import Stage

_logger = logging.getLogger("scale_vae_keras")


class NormalisationGuard(keras.callbacks.Callback):
    """Warns once, where no batch has had statistics to normalise by when an epoch ends.

    `BatchNormVAE` and `DUVAE` bring it to each `fit`.
    """

    stage = Stage.GUARD

    def on_train_begin(self, logs=None):
        """Forgets an earlier `fit`."""
        self._warned = False

    def on_epoch_end(self, epoch, logs=None):
        """Warns."""
        norm = self.model.mean_norm
        if self._warned or norm.has_statistics():
            return
        self._warned = True
        _logger.warning(
            "epoch %d: the posterior means were not normalised: each batch had fewer than "
            "min_batch = %d sentences, or means that are not finite; raise the batch size",
            epoch + 1,
            norm.min_batch,
        )
