"""What the systems have in common that normalise posterior means by the batch."""

import keras

from scale_vae_keras.models.text_vae import TextVAE
from scale_vae_keras.schedules.normalisation_guard import NormalisationGuard


class NormalisedVAE(TextVAE):
    """A text VAE whose layer `mean_norm`, a `PosteriorBatchNorm`, normalises the means."""

    @property
    def own_callbacks(self) -> list[keras.callbacks.Callback]:
        """Warns where no batch was normalised by its own statistics."""
        return [NormalisationGuard()]

    def build(self, input_shape):
        """Creates all weights for ids `[batch, time]`."""
        self.mean_norm.build((input_shape[0], self.latent_dim))
        super().build(input_shape)
