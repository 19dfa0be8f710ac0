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
    alpha: float = setting(0.5, "weight of the information of z and the sentence", most=1)
    aggregate_weight: float = setting(
        10.0, "lambda, the weight of the distance is alpha + lambda - 1"
    )


@keras.saving.register_keras_serializable("scale_vae_keras")
class InfoVAE(TextVAE):
    """Text VAE that charges less of each sentence's KL, and the aggregated posterior's distance.

    Zhao et al. (2019): `(1 - alpha) KL(q(z|x) || p) + (alpha + lambda - 1) D(q(z) || p)` with q(z)
    the mean of the posteriors of the global batch, and D the squared maximum mean discrepancy of
    the batch's samples and as many of the prior, or an estimate of the KL. The second term is not
    annealed; the validation loss charges the whole KL.

    Args:
        *args: as for `TextVAE`.
        divergence: D, "mmd" or "kl".
        alpha: weight of the information of z and the sentence.
        aggregate_weight: lambda.
        **kwargs: as for `TextVAE`.

    Raises:
        InputError: an argument is out of its range.
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

    def rate(self, charged: Posterior, training: bool = True) -> tf.Tensor:
        """In training `(1 - alpha) KL`, else the whole KL, in nats, float32 `[batch]`."""
        kl = super().rate(charged, training)
        return (1.0 - self.alpha) * kl if training else kl

    def penalty(self, sampled: Posterior, z: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """`(alpha + lambda - 1) D` over the global batch, a scalar or `[batch]`."""
        weight = self.alpha + self.aggregate_weight - 1.0
        if self.divergence == "kl":
            everybody = Posterior(*(global_rows(part) for part in sampled))
            return weight * aggregate_kl(z, everybody)
        prior = tf.random.stateless_normal(
            [tf.cast(global_batch_size(z), tf.int32), self.latent_dim],
            tf.random.experimental.stateless_fold_in(seed, _PRIOR_STREAM),
        )
        return weight * maximum_mean_discrepancy(global_rows(z), prior)

    def get_config(self):
        """Constructor arguments."""
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
