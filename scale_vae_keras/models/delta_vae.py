"""A posterior family that keeps its distance from the prior."""

import keras
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.delta_posterior import delta_posterior
from scale_vae_keras.layers.posterior import Posterior
from scale_vae_keras.models.text_vae import TextVAE


@keras.saving.register_keras_serializable("scale_vae_keras")
class DeltaVAE(TextVAE):
    """Text VAE whose posterior has a KL of at least `delta` in every dimension.

    Razavi et al. (2019), with an independent prior; see `delta_posterior`.

    Args:
        *args: as for `TextVAE`.
        delta: least KL of each dimension, in nats.
        **kwargs: as for `TextVAE`.

    Raises:
        InputError: an argument is out of its range.
    """

    def __init__(self, *args, delta: float = 0.1, **kwargs):
        super().__init__(*args, **kwargs)
        if not 0 < delta < float("inf"):
            raise InputError(f"delta must be positive and finite, got {delta}")
        self.delta = delta

    def amortized_posterior(self, summary: tf.Tensor) -> Posterior:
        """The constrained posterior of the encoder's summary of each sentence."""
        return delta_posterior(super().amortized_posterior(summary), self.delta)

    def get_config(self):
        """Constructor arguments."""
        return {**super().get_config(), "delta": self.delta}
