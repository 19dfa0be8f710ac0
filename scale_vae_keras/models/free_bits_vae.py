"""KL that is free up to a threshold."""

import keras
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.posterior import Posterior, standard_kl
from scale_vae_keras.models.text_vae import TextVAE

FREE_BITS_FORMS = ("dimension", "sentence")


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
        free_bits: t, in nats a dimension.
        free_bits_form: "dimension" or "sentence".
        **kwargs: as for `TextVAE`.

    Raises:
        InputError: an argument is out of its range.
    """

    def __init__(self, *args, free_bits: float = 0.1, free_bits_form: str = "dimension", **kwargs):
        super().__init__(*args, **kwargs)
        if not 0 <= free_bits < float("inf"):
            raise InputError(f"free_bits must be at least 0 and finite, got {free_bits}")
        if free_bits_form not in FREE_BITS_FORMS:
            raise InputError(
                f"free_bits_form must be one of {', '.join(FREE_BITS_FORMS)}, got "
                f"{free_bits_form!r}"
            )
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
        """Constructor arguments."""
        return {
            **super().get_config(),
            "free_bits": self.free_bits,
            "free_bits_form": self.free_bits_form,
        }
