"""One file a system; importing the package registers all of them with Keras."""

from scale_vae_keras.models.scale_vae import ScaleVAE
from scale_vae_keras.models.text_vae import TextVAE

__all__ = ["ScaleVAE", "TextVAE"]
