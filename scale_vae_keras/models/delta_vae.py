"""A posterior family that keeps its distance from the prior."""

from dataclasses import dataclass

import keras
import tensorflow as tf

from scale_vae_keras.layers.delta_posterior import delta_posterior
from scale_vae_keras.layers.posterior import Posterior
from scale_vae_keras.models.settings import LatentSettings
from scale_vae_keras.models.system import System
from scale_vae_keras.models.text_vae import TextVAE
from scale_vae_keras.settings import check, setting


@dataclass(frozen=True)
class DeltaSettings(LatentSettings):
    """Settings of `DeltaVAE`."""

    delta: float = setting(0.1, "minimum KL of each dimension, in nats per sentence", above=0)


@keras.saving.register_keras_serializable("scale_vae_keras")
class DeltaVAE(TextVAE):
    """Text VAE whose posterior has a KL of at least `delta` in every dimension.

    Razavi et al. (2019), with an independent prior; see `delta_posterior`.

    Args:
        *args: as for `TextVAE`.
        delta: least KL, in nats per dimension.
        **kwargs: as for `TextVAE`.

    Raises:
        InputError: an argument is out of its range.

    Example:
        >>> model = sv.DeltaVAE(9, latent_dim=2, embedding_dim=3, units=4, delta=0.5)
        >>> kl = sv.layers.standard_kl(model.encode([[1, 5, 2]]))
        >>> bool(tf.reduce_all(kl >= 0.5))
        True
    """

    def __init__(self, *args, delta: float = DeltaSettings.delta, **kwargs):
        super().__init__(*args, **kwargs)
        check(DeltaSettings, delta=delta)
        self.delta = delta

    def amortized_posterior(self, summary: tf.Tensor) -> Posterior:
        """The constrained posterior of the encoder's summary of each sentence."""
        return delta_posterior(super().amortized_posterior(summary), self.delta)

    def get_config(self):
        """Returns the constructor's arguments."""
        return {**super().get_config(), "delta": self.delta}


SYSTEM = System(
    "delta",
    DeltaVAE,
    DeltaSettings,
    "the posterior keeps a minimum KL in every dimension",
    "Razavi et al. (2019)",
)
