"""Watches the latent code during training."""

import logging
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf

from scale_vae_keras.callbacks.shared_data import SharedData
from scale_vae_keras.callbacks.validation_rate import validation_rate
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.encode import encode_dataset
from scale_vae_keras.evaluation.information import active_units, mutual_information
from scale_vae_keras.layers.replica import host_value
from scale_vae_keras.schedules.order import Stage
from scale_vae_keras.settings import whole_number

_logger = logging.getLogger("scale_vae_keras")

WATCHED_SENTENCES = 4000
"""Number of validation sentences that a run watches: more would slow down short epochs."""

_RUNAWAY_GROWTH = 1.5
_SWAP_JUMP = 1.0
_COLLAPSED_INFORMATION = 0.1
_INFORMATION_SAMPLES = 1000


class LatentMonitor(SharedData, keras.callbacks.Callback):
    """Logs the state of the latent code after each epoch and warns when it goes wrong.

    Adds to the epoch's logs, over the validation sentences: `mi` and `mi_cap` (nats, of the
    posterior that the decoder samples from; samples of 1,000 sentences at most), `au` and
    `au_unscaled` (active units of that posterior and of the encoder's own); for Scale-VAE also
    `factor_min`, `factor_mean`, `factor_max` (of f-bar), `factor_change` (largest relative change
    of f-bar over the epoch), and the epoch's counters `factor_capped` and `factor_unrecorded`; for
    all, where the epoch was validated, `val_elbo_nll`: the negative ELBO under the model's prior,
    `val_reconstruction` + the KL of the posterior that the decoder samples from to the prior, in
    nats per sentence, for a mixture estimated with eight samples of each posterior. It bounds the
    negative log-likelihood; Scale-VAE's objective, `val_loss`, does not. A sentence without a label
    adds KL(q(label | text) || p(label)), and sentences count by their weight, as they do in
    `val_reconstruction`.

    A line is logged as a warning when f-bar runs away (its geometric mean grows by half from one
    epoch to the next, the average being in effect), when a factor reaches its cap, when the swap to
    the epoch average raises the training loss by more than a nat, and when the model has collapsed
    (less than 0.1 nats of information).

    Args:
        validation_data: batches of int32 ids `[batch, time]`, with their labels and weights where
            the model's validation has them.
        seed: seed of the samples in the estimate of mutual information, an integer from 0 on.

    Raises:
        InputError: the seed is below 0; in `fit`, the model has no latent code, or the data can be
            read only once.

    Attributes:
        encoded: the posteriors of the validation sentences after the last epoch, in the order of
            `validation_data`; None before.

    Example:
        >>> batches = tf.data.Dataset.from_tensors(tf.constant([[1, 4, 5, 2], [1, 5, 4, 2]]))
        >>> monitor = sv.callbacks.LatentMonitor(batches)
        >>> monitor.set_model(sv.models.TextVAE(vocabulary_size=6, latent_dim=2))
        >>> monitor.on_epoch_end(0, logs := {})
        >>> sorted(logs), monitor.encoded.mean.shape
        (['au', 'au_unscaled', 'mi', 'mi_cap'], (2, 2))
    """

    stage = Stage.MONITOR

    def __init__(self, validation_data: tf.data.Dataset, seed: int = 0):
        super().__init__()
        self.validation_data = validation_data
        self.seed = whole_number("seed", seed, 0, 2**63 - 1)
        self.encoded = None
        self._collapsed = False
        self._factor = None
        self._was_in_effect = False
        self._loss = None

    def on_train_begin(self, logs=None):
        """Checks the model and the data."""
        if not getattr(self.model, "latent_dim", 0):
            raise InputError(f"LatentMonitor needs a text VAE, and {self.model.name!r} has no z")
        if isinstance(self.validation_data, Iterator):
            raise InputError(
                "LatentMonitor reads its sentences after each epoch, and a generator gives them "
                "once: give ids, a tf.data.Dataset or a PyDataset"
            )

    def on_epoch_end(self, epoch, logs=None):
        """Measures, logs and warns."""
        encoded = self.encoded = encode_dataset(self.model, self.validation_data)
        information, cap = mutual_information(
            encoded.mean, encoded.log_var, self.seed, _INFORMATION_SAMPLES
        )
        logs["mi"], logs["mi_cap"] = information, cap
        logs["au"] = active_units(encoded.mean)
        logs["au_unscaled"] = active_units(encoded.unscaled_mean)
        if "val_reconstruction" in logs:
            logs["val_elbo_nll"] = logs["val_reconstruction"] + validation_rate(
                self.model, encoded, self.validation_data, self.seed
            )
        collapsed = information < _COLLAPSED_INFORMATION
        if collapsed and not self._collapsed:
            _logger.warning(
                "epoch %d: the posterior has collapsed: %.2f nats of information, %d of %d units "
                "active under the unscaled posterior",
                epoch + 1,
                information,
                logs["au_unscaled"],
                self.model.latent_dim,
            )
        self._collapsed = collapsed
        if hasattr(self.model, "posterior_scale"):
            self._watch_factor(epoch, logs)

    def _watch_factor(self, epoch, logs):
        scale = self.model.posterior_scale
        factor = host_value(scale.factor())
        in_effect = bool(float(host_value(scale.in_effect)) > 0.5)
        logs["factor_min"] = float(factor.min())
        logs["factor_mean"] = float(factor.mean())
        logs["factor_max"] = float(factor.max())
        logs["factor_capped"] = int(host_value(scale.capped))
        logs["factor_unrecorded"] = int(host_value(scale.unrecorded))
        if self._factor is not None:
            logs["factor_change"] = float(np.max(np.abs(factor / self._factor - 1)))
            growth = float(np.exp(np.mean(np.log(factor / self._factor))))
            if growth > _RUNAWAY_GROWTH and in_effect:
                _logger.warning(
                    "epoch %d: the factor is running away: f-bar grew %.1f times to %.3g; lower "
                    "the learning rate, slow the KL annealing, or raise f_epo",
                    epoch + 1,
                    growth,
                    logs["factor_mean"],
                )
        if logs["factor_capped"]:
            _logger.warning(
                "epoch %d: %d batch factors reached the cap of %g",
                epoch + 1,
                logs["factor_capped"],
                scale.max_factor,
            )
        loss = logs.get("loss")
        if in_effect and not self._was_in_effect and None not in (loss, self._loss):
            jump = loss - self._loss
            if jump > _SWAP_JUMP:
                _logger.warning(
                    "epoch %d: the swap to the epoch average raised the training loss by %.1f nats",
                    epoch + 1,
                    jump,
                )
        self._factor, self._was_in_effect, self._loss = factor, in_effect, loss

    def get_state(self) -> dict:
        """The state that a resumed run needs."""
        return {
            "collapsed": self._collapsed,
            "factor": None if self._factor is None else self._factor.tolist(),
            "was_in_force": self._was_in_effect,
            "loss": self._loss,
        }

    def set_state(self, state: dict) -> None:
        """Restores what `get_state` returned."""
        self._collapsed = state["collapsed"]
        factor = state["factor"]
        self._factor = None if factor is None else np.array(factor, np.float32)
        self._was_in_effect, self._loss = state["was_in_force"], state["loss"]
