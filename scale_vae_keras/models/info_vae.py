"""A rate on the aggregated posterior."""

from dataclasses import dataclass

import keras
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.aggregate_divergence import aggregate_kl, maximum_mean_discrepancy
from scale_vae_keras.layers.posterior import Posterior
from scale_vae_keras.layers.replica import global_batch_size, global_rows
from scale_vae_keras.models.settings import LatentSettings
from scale_vae_keras.models.system import System
from scale_vae_keras.models.text_vae import TextVAE
from scale_vae_keras.priors.prior import gaussian_log_density
from scale_vae_keras.settings import check, setting

_PRIOR_STREAM = -2


@dataclass(frozen=True)
class InfoSettings(LatentSettings):
    """Settings of `InfoVAE`."""

    divergence: str = setting(
        "mmd",
        "distance of the aggregated posterior from the prior: mmd or kl",
        choices=("mmd", "kl"),
    )
    alpha: float = setting(
        0.5,
        "weight of the mutual information of z and the sentence; the weight of the KL is 1 - alpha",
        most=1,
    )
    aggregate_weight: float = setting(
        10.0, "lambda; the weight of the distance is alpha + lambda - 1"
    )


@keras.saving.register_keras_serializable("scale_vae_keras")
class InfoVAE(TextVAE):
    """Text VAE that charges less of each sentence's KL, and the aggregated posterior's distance.

    Zhao et al. (2019): `(1 - alpha) KL(q(z|x) || p) + (alpha + lambda - 1) D(q(z) || p)` with q(z)
    the mean of the posteriors of the global batch, and D the squared maximum mean discrepancy of
    the batch's samples and as many of the prior, or an estimate of the KL. The second term is not
    annealed; the validation loss charges the whole KL. p is N(0, I), or the prior that is learned
    with the model.

    Args:
        *args: as for `TextVAE`.
        divergence: D, "mmd" or "kl".
        alpha: weight of the information of z and the sentence.
        aggregate_weight: lambda.
        **kwargs: as for `TextVAE`.

    Raises:
        InputError: an argument is out of its range.

    Example:
        >>> model = sv.InfoVAE(9, latent_dim=2, embedding_dim=3, units=4, alpha=0.25)
        >>> charged = sv.layers.Posterior(tf.constant([[2.0, 0.0]]), tf.zeros([1, 2]))
        >>> model.rate(charged).numpy()  # three quarters of a KL of 2 nats
        array([1.5], dtype=float32)
    """

    def __init__(
        self,
        *args,
        divergence: str = InfoSettings.divergence,
        alpha: float = InfoSettings.alpha,
        aggregate_weight: float = InfoSettings.aggregate_weight,
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        check(InfoSettings, divergence=divergence, alpha=alpha, aggregate_weight=aggregate_weight)
        if not 0 <= alpha + aggregate_weight - 1 < float("inf"):
            raise InputError(
                f"alpha + aggregate_weight must be at least 1, got {alpha + aggregate_weight}"
            )
        self.divergence = divergence
        self.alpha = alpha
        self.aggregate_weight = aggregate_weight

    def rate(
        self, charged: Posterior, training: bool = True, learned: tf.Tensor | None = None
    ) -> tf.Tensor:
        """In training `(1 - alpha) KL`, else the whole KL, in nats, float32 `[batch]`."""
        kl = super().rate(charged, training, learned)
        return (1.0 - self.alpha) * kl if training else kl

    def penalty(self, sampled: Posterior, z: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """`(alpha + lambda - 1) D` over the global batch, a scalar or `[batch]`."""
        weight = self.alpha + self.aggregate_weight - 1.0
        if self.divergence == "kl":
            everybody = Posterior(*(global_rows(part) for part in sampled))
            return weight * (aggregate_kl(z, everybody) + self._log_ratio(z))
        return weight * maximum_mean_discrepancy(global_rows(z), self._prior_samples(z, seed))

    def _log_ratio(self, z):
        """Log N(z; 0, I) - log p(z), which is 0 but for a learned prior."""
        if not self.prior.learned:
            return 0.0
        zeros = tf.zeros([self.latent_dim])
        log_ratio = gaussian_log_density(z, zeros, zeros) - self.prior.log_density(z)
        return tf.cast(log_ratio, tf.float32)

    def _prior_samples(self, z, seed):
        """As many samples of p as there are sentences in the global batch."""
        count = tf.cast(global_batch_size(z), tf.int32)
        stream = tf.random.experimental.stateless_fold_in(seed, _PRIOR_STREAM)
        if not self.prior.learned:
            return tf.random.stateless_normal([count, self.latent_dim], stream)
        seeds = tf.random.stateless_uniform(
            [count], stream, minval=None, maxval=None, dtype=tf.int64
        )
        # The drawn component is not differentiable: samples say nothing about the weights.
        return tf.stop_gradient(self.prior.sample(seeds))

    def get_config(self):
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "divergence": self.divergence,
            "alpha": self.alpha,
            "aggregate_weight": self.aggregate_weight,
        }


SYSTEM = System(
    "info",
    InfoVAE,
    InfoSettings,
    "part of the KL, and the aggregated posterior's distance from the prior",
    "Zhao et al. (2019)",
)
