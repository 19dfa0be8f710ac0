"""A constant weight on the KL."""

from dataclasses import dataclass

import keras
import tensorflow as tf

from scale_vae_keras.layers.posterior import Posterior
from scale_vae_keras.models.settings import LatentSettings
from scale_vae_keras.models.system import System
from scale_vae_keras.models.text_vae import TextVAE
from scale_vae_keras.settings import check, setting


@dataclass(frozen=True)
class BetaSettings(LatentSettings):
    """Settings of `BetaVAE`."""

    beta: float = setting(0.4, "constant weight of the KL in the loss", least=0)


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

    Example:
        >>> model = sv.BetaVAE(9, latent_dim=2, embedding_dim=3, units=4, beta=0.5)
        >>> charged = sv.layers.Posterior(tf.constant([[2.0, 0.0]]), tf.zeros([1, 2]))
        >>> model.rate(charged).numpy()  # half of a KL of 2 nats
        array([1.], dtype=float32)
    """

    def __init__(self, *args, beta: float = BetaSettings.beta, **kwargs):
        super().__init__(*args, **kwargs)
        check(BetaSettings, beta=beta)
        self.beta = beta

    def rate(
        self, charged: Posterior, training: bool = True, learned: tf.Tensor | None = None
    ) -> tf.Tensor:
        """`beta * KL` per sentence in nats, float32 `[batch]`."""
        return self.beta * super().rate(charged, training, learned)

    def get_config(self):
        """Returns the constructor's arguments."""
        return {**super().get_config(), "beta": self.beta}


SYSTEM = System(
    "beta",
    BetaVAE,
    BetaSettings,
    "a constant weight on the KL",
    "Higgins et al. (2017)",
    fixed={"kl_epochs": 0},
)
