"""KL that is free up to a threshold."""

from dataclasses import dataclass

import keras
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.posterior import Posterior, standard_kl
from scale_vae_keras.models.settings import LatentSettings
from scale_vae_keras.models.system import System
from scale_vae_keras.models.text_vae import TextVAE
from scale_vae_keras.settings import check, setting


@dataclass(frozen=True)
class FreeBitsSettings(LatentSettings):
    """Settings of `FreeBitsVAE`."""

    free_bits: float = setting(
        0.1, "KL of a sentence that is not charged, in nats per dimension", least=0
    )
    free_bits_form: str = setting(
        "dimension",
        "whether the threshold applies to each dimension or to the KL of the whole sentence",
        choices=("dimension", "sentence"),
    )


@keras.saving.register_keras_serializable("scale_vae_keras")
class FreeBitsVAE(TextVAE):
    """Text VAE that charges a KL only where it exceeds a threshold.

    Kingma et al. (2016), in the form of Li et al. (2019): `sum_d 1[KL_d > t] KL_d` for each
    sentence, without averaging over the batch; in the form "sentence" `1[KL > n t] KL`. The
    constant that a KL below the threshold would add is left out. The validation loss charges the
    whole KL. A prior that is learned with the model has no rate per dimension and needs the form
    "sentence".

    Args:
        *args: as for `TextVAE`.
        free_bits: t, in nats per dimension.
        free_bits_form: "dimension" or "sentence".
        **kwargs: as for `TextVAE`.

    Raises:
        InputError: an argument is out of its range.

    Example:
        >>> model = sv.FreeBitsVAE(9, latent_dim=2, embedding_dim=3, units=4, free_bits=1.0)
        >>> charged = sv.layers.Posterior(tf.constant([[1.0, 2.0]]), tf.zeros([1, 2]))
        >>> model.rate(charged).numpy()  # KLs of 0.5 and 2 nats; the first is free
        array([2.], dtype=float32)
    """

    def __init__(
        self,
        *args,
        free_bits: float = FreeBitsSettings.free_bits,
        free_bits_form: str = FreeBitsSettings.free_bits_form,
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        check(FreeBitsSettings, free_bits=free_bits, free_bits_form=free_bits_form)
        if self.prior.learned and free_bits_form != "sentence":
            raise InputError(
                f'the prior "{self.prior.kind}" has no rate per dimension: set free_bits_form to '
                '"sentence"'
            )
        self.free_bits = free_bits
        self.free_bits_form = free_bits_form

    def rate(
        self, charged: Posterior, training: bool = True, learned: tf.Tensor | None = None
    ) -> tf.Tensor:
        """In training the KL above the threshold, else the whole, in nats, float32 `[batch]`."""
        whole = super().rate(charged, training, learned)
        if not training:
            return whole
        if self.free_bits_form == "sentence":
            return tf.where(whole > self.free_bits * self.latent_dim, whole, 0.0)
        kl, threshold = standard_kl(charged), self.free_bits
        return tf.reduce_sum(tf.where(kl > threshold, kl, 0.0), axis=1)

    def get_config(self):
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "free_bits": self.free_bits,
            "free_bits_form": self.free_bits_form,
        }


SYSTEM = System(
    "free-bits",
    FreeBitsVAE,
    FreeBitsSettings,
    "a KL below a threshold, per dimension or per sentence, is not charged",
    "Kingma et al. (2016)",
)
