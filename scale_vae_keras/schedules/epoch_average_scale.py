"""The change from the batch's own factor to the epoch average."""

import logging

import keras

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.posterior_scale import find_posterior_scale
from scale_vae_keras.layers.replica import host_value
from scale_vae_keras.schedules.order import Stage
from scale_vae_keras.settings import whole_number
from scale_vae_keras.training.optimizer_memory import averages_weights

_logger = logging.getLogger("scale_vae_keras")


class EpochAverageScale(keras.callbacks.Callback):
    """Records the factor of Scale-VAE over each epoch and puts the average into effect.

    Algorithm 1 of the Scale-VAE paper. In the first `f_epo` epochs training uses each batch's own
    factor, afterwards the average of the epoch before. The average of an epoch is taken before its
    validation, which uses it. The epochs are counted in the layer's weight `epochs`: a second
    `fit` continues where the first stopped.

    Args:
        f_epo: number of epochs that use the batch's own factor, at least 1.

    Raises:
        InputError: `f_epo` is below 1; in `fit`, the model has no layer `PosteriorScale`, or
            several, or no batch of the first epoch gave a factor.

    Example:
        >>> callback = sv.callbacks.EpochAverageScale(f_epo=3)
        >>> callback.f_epo, callback.stage
        (3, <Stage.SCHEDULE: 2>)
    """

    stage = Stage.SCHEDULE

    def __init__(self, f_epo: int = 1):
        super().__init__()
        # The first epoch has no average to use.
        self.f_epo = whole_number("f_epo", f_epo, 1)
        self._recording = False
        self._shift = None

    def on_train_begin(self, logs=None):
        """Checks that the model has a factor."""
        self._shift = None
        self._scale = find_posterior_scale(self.model)
        if self._scale is None:
            raise InputError(
                f"EpochAverageScale needs a model with a scale-up factor, not {self.model.name!r}"
            )
        if averages_weights(self.model.optimizer):
            _logger.warning(
                "use_ema: when training ends the weights become their moving average, and the "
                "factor stays that of the weights before: leave use_ema out"
            )

    def on_epoch_begin(self, epoch, logs=None):
        """Puts the last average into effect from epoch `f_epo + 1` on and starts a new record."""
        scale = self._scale
        if self._shift is None:
            trained = int(host_value(scale.epochs)) if scale.built else 0
            self._shift = max(trained - epoch, 0)
        self._epoch = epoch + self._shift
        scale.put_in_effect(self._epoch >= self.f_epo)
        scale.open_record()
        self._recording = True

    def on_test_begin(self, logs=None):
        """Takes the average when the validation of an epoch begins."""
        self._close()

    def on_epoch_end(self, epoch, logs=None):
        """Takes the average, where no validation has done so."""
        self._close()

    def _close(self):
        if self._recording:
            scale = self._scale
            scale.close_record()
            self._recording = False
            if not scale.built or float(host_value(scale.has_average)) < 0.5:
                raise self._no_factor()
            scale.epochs.assign(self._epoch + 1)

    def _no_factor(self):
        unrecorded = int(host_value(self._scale.unrecorded)) if self._scale.built else 0
        if not unrecorded:
            return InputError("the epoch had no batch, and gave no factor: give fit some data")
        return InputError(
            f"none of the {unrecorded} batches of the epoch gave a factor: each had fewer "
            f"than min_factor_batch = {self._scale.min_factor_batch} sentences, or posterior "
            "means that are not finite; raise the batch size or lower min_factor_batch"
        )
