"""Free bits after pretraining as an autoencoder."""

import random
from dataclasses import dataclass

import keras
import tensorflow as tf

from scale_vae_keras.layers.posterior import Posterior
from scale_vae_keras.layers.state import add_state
from scale_vae_keras.models.free_bits_vae import FreeBitsSettings, FreeBitsVAE
from scale_vae_keras.models.system import System
from scale_vae_keras.schedules.autoencoder_pretraining import AutoencoderPretraining
from scale_vae_keras.schedules.linear_kl_annealing import LinearKLAnnealing
from scale_vae_keras.settings import setting


@dataclass(frozen=True)
class PretrainedSettings(FreeBitsSettings):
    """Settings of `PretrainedVAE`."""

    free_bits: float = setting(
        0.25, "KL of a sentence that is not charged, in nats per dimension", least=0
    )
    pretrain_epochs: int = setting(
        3,
        "maximum number of epochs of autoencoder pretraining before those of the VAE",
        least=0,
        of_model=False,
    )
    pretrain_decays: int = setting(
        0,
        "pretraining ends at this decay of the learning rate, decayed as with decay=plateau, and "
        "the VAE starts from the best autoencoder (published: 5, within 100 epochs); 0 keeps the "
        "rate and starts from the last one",
        least=0,
        of_model=False,
    )


@keras.saving.register_keras_serializable("scale_vae_keras")
class PretrainedVAE(FreeBitsVAE):
    """Text VAE whose encoder is pretrained as part of a plain autoencoder.

    Li et al. (2019), "A Surprisingly Effective Fix for Deep Latent Variable Modeling of Text":
    while `pretraining` is 1 a step charges no KL at all; then the decoder starts afresh and free
    bits are used. The callback `AutoencoderPretraining` switches between the two.

    Args:
        *args: as for `FreeBitsVAE`.
        free_bits: free KL, in nats per dimension.
        **kwargs: as for `FreeBitsVAE`.

    Raises:
        InputError: an argument is out of its range.

    Example:
        >>> model = sv.PretrainedVAE(9, latent_dim=2, embedding_dim=3, units=4)
        >>> posterior = model.encode([[1, 5, 2]])
        >>> _ = model.pretraining.assign(1.0)  # as `AutoencoderPretraining` does
        >>> model.rate(posterior).numpy()
        array([0.], dtype=float32)
    """

    def __init__(self, *args, free_bits: float = PretrainedSettings.free_bits, **kwargs):
        super().__init__(*args, free_bits=free_bits, **kwargs)

    @property
    def needed_callbacks(self) -> dict[str, str]:
        """`AutoencoderPretraining`."""
        return {"AutoencoderPretraining": "nothing is pretrained, and this is a FreeBitsVAE"}

    def build(self, input_shape):
        """Creates all weights for ids `[batch, time]`."""
        self.pretraining = add_state(self, "pretraining")
        super().build(input_shape)

    def rate(
        self, charged: Posterior, training: bool = True, learned: tf.Tensor | None = None
    ) -> tf.Tensor:
        """As `FreeBitsVAE`, but nothing in a step of pretraining, float32 `[batch]`."""
        rate = super().rate(charged, training, learned)
        return (1.0 - self.pretraining) * rate if training else rate

    def reset_decoder(self) -> None:
        """Gives the decoder new initial weights, the same ones for the same `seed`."""
        state = random.getstate()
        random.seed(self.seed)  # where Keras' initializers take theirs from
        fresh = self.decoder.from_config(self.decoder.get_config())
        fresh.build((None, None), (None, fresh.latent_dim))
        random.setstate(state)
        self.decoder.set_weights(fresh.get_weights())


def _callbacks(config, *_):
    pretraining = AutoencoderPretraining(
        config.pretrain_epochs, config.pretrain_decays, config.decay_patience, config.decay_start
    )
    return [
        pretraining,
        LinearKLAnnealing(config.kl_start, config.kl_epochs, config.pretrain_epochs),
    ]


SYSTEM = System(
    "li2019",
    PretrainedVAE,
    PretrainedSettings,
    "pretrained as part of a plain autoencoder, then a fresh decoder and free bits",
    "Li et al. (2019)",
    _callbacks,
    fixed={"kl_start": 0.0},
)
