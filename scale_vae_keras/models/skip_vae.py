"""A skip connection from z to the output layer."""

import keras

from scale_vae_keras.models.settings import LatentSettings
from scale_vae_keras.models.system import System
from scale_vae_keras.models.text_vae import TextVAE


@keras.saving.register_keras_serializable("scale_vae_keras")
class SkipVAE(TextVAE):
    """Text VAE whose z also joins the decoder's state before the map to the vocabulary.

    Dieng et al. (2019), for a decoder of one layer: `logits = W [h_t; z]`. Arguments as for
    `TextVAE`.

    Example:
        >>> model = sv.SkipVAE(9, latent_dim=2, embedding_dim=3, units=4)
        >>> model.encode([[1, 5, 2]]).mean.shape
        TensorShape([1, 2])
        >>> tuple(model.decoder.output_kernel.shape)  # units + latent, vocabulary
        (6, 9)
    """

    decoder_skip = True


SYSTEM = System(
    "skip",
    SkipVAE,
    LatentSettings,
    "z also reaches the output layer directly, by a skip connection",
    "Dieng et al. (2019)",
)
