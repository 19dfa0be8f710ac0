"""A constant weight on the KL."""

import keras
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.posterior import Posterior
from scale_vae_keras.models.text_vae import TextVAE


@keras.saving.register_keras_serializable("scale_vae_keras")
class BetaVAE(TextVAE):
    """Text VAE that charges `beta` times the KL, in training and in the validation loss.

    Higgins et al. (2017). Train it without KL annealing.

    Args:
        *args: as for `TextVAE`.
        beta: weight of the KL.
        **kwargs: as for `TextVAE`.

    Raises:
        InputError: an argument is out of its range.
    """

    def __init__(self, *args, beta: float = 0.4, **kwargs):
        super().__init__(*args, **kwargs)
        if not 0 <= beta < float("inf"):
            raise InputError(f"beta must be at least 0 and finite, got {beta}")
        self.beta = beta

    def rate(
        self, charged: Posterior, training: bool = True, learned: tf.Tensor | None = None
    ) -> tf.Tensor:
        """`beta * KL` of each sentence in nats, float32 `[batch]`."""
        return self.beta * super().rate(charged, training, learned)

    def get_config(self):
        """Constructor arguments."""
        return {**super().get_config(), "beta": self.beta}
