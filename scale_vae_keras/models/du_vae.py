"""Dispersed means and uncertain variances."""

import math
from dataclasses import dataclass

import keras
import tensorflow as tf

from scale_vae_keras.layers.posterior import Posterior
from scale_vae_keras.layers.posterior_batch_norm import PUBLISHED_EPSILON, PosteriorBatchNorm
from scale_vae_keras.layers.replica import first_global_row
from scale_vae_keras.models.normalised_vae import NormalisedVAE
from scale_vae_keras.models.settings import LatentSettings
from scale_vae_keras.models.system import System
from scale_vae_keras.settings import check, setting

_DROPOUT_STREAM = -1


@dataclass(frozen=True)
class DUSettings(LatentSettings):
    """Settings of `DUVAE`."""

    gamma: float = setting(
        0.5,
        "root mean square, over dimensions, of the standard deviations of the posterior means",
        above=0,
    )
    variance_dropout: float = setting(
        0.2,
        "share of the posterior variances that are set to the minimum in training",
        least=0,
        below=1,
    )
    delta_rate: float = setting(1.0, "sets the minimum variance, delta_rate / (2 pi e)", above=0)
    min_batch: int = setting(
        16, "smallest global batch that is normalised by its own statistics", least=2
    )
    epsilon: float = setting(
        PUBLISHED_EPSILON,
        "added to the variance of the posterior means, which collapse where they vary less",
        above=0,
    )


@keras.saving.register_keras_serializable("scale_vae_keras")
class DUVAE(NormalisedVAE):
    """DU-VAE: batch normalisation of the means, dropout on the variances.

    Shen et al. (2021), "Regularizing Variational Autoencoder with Diversity and Uncertainty
    Awareness". The learnt gamma of the batch normalisation has a fixed root mean square. In
    training, once `kl_weight` is 1, the variance is `drop(exp(log_var)) + delta_rate / (2 pi e)`
    with inverted dropout. Outside training it is `exp(log_var) + delta_rate / (2 pi e)` throughout.

    Args:
        *args: as for `TextVAE`.
        gamma: root mean square over dimensions of the standard deviation of the means.
        variance_dropout: share of variances dropped; the paper's p is the share kept.
        delta_rate: sets the least variance, `delta_rate / (2 pi e)`.
        min_batch: smallest global batch that is normalised by its own statistics.
        epsilon: added to the variance of the means, see `BatchNormVAE`.
        **kwargs: as for `TextVAE`.

    Raises:
        InputError: an argument is out of its range.

    Example:
        >>> model = sv.DUVAE(9, latent_dim=2, embedding_dim=3, units=4, gamma=0.5)
        >>> posterior = model.encode([[1, 5, 2]])
        >>> bool(tf.reduce_all(tf.exp(posterior.log_var) > 1 / (2 * np.pi * np.e)))
        True
    """

    def __init__(
        self,
        *args,
        gamma: float = DUSettings.gamma,
        variance_dropout: float = DUSettings.variance_dropout,
        delta_rate: float = DUSettings.delta_rate,
        min_batch: int = DUSettings.min_batch,
        epsilon: float = DUSettings.epsilon,
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        check(DUSettings, variance_dropout=variance_dropout, delta_rate=delta_rate)
        self.gamma = gamma
        self.variance_dropout = variance_dropout
        self.delta_rate = delta_rate
        self.min_batch = min_batch
        self.epsilon = epsilon
        self.mean_norm = PosteriorBatchNorm(
            gamma, learn_scale=True, min_batch=min_batch, epsilon=epsilon, name="mean_norm"
        )

    def posteriors(self, posterior: Posterior, training: bool) -> tuple[Posterior, Posterior]:
        """The posterior with normalised means and uncertain variances, twice.

        Variances of a training batch are the encoder's own while the KL weight is below 1.
        """
        mean = self.mean_norm(posterior.mean, training=training)
        variance = tf.exp(posterior.log_var)
        if training:
            variance *= self._kept(variance) / (1 - self.variance_dropout)
        uncertain = tf.math.log(variance + self.delta_rate / (2 * math.pi * math.e))
        if training:
            uncertain = tf.where(self.kl_weight >= 1.0, uncertain, posterior.log_var)
        changed = Posterior(mean, uncertain)
        return changed, changed

    def _kept(self, variance):
        """1 for a variance that is kept, else 0, by the sentence's place in the global batch."""
        seed = tf.random.experimental.stateless_fold_in(
            tf.stack([self.seed, tf.cast(self.training_calls, tf.int32)]), _DROPOUT_STREAM
        )
        first = first_global_row(variance)
        rows = first + tf.shape(variance)[0]
        uniform = tf.random.stateless_uniform([rows, self.latent_dim], seed)[first:]
        return tf.cast(uniform >= self.variance_dropout, tf.float32)

    def get_config(self):
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "gamma": self.gamma,
            "variance_dropout": self.variance_dropout,
            "delta_rate": self.delta_rate,
            "min_batch": self.min_batch,
            "epsilon": self.epsilon,
        }


SYSTEM = System(
    "du",
    DUVAE,
    DUSettings,
    "batch normalisation with a learnt gamma, dropout on the variances",
    "Shen et al. (2021)",
)
