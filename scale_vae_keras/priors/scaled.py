"""The prior of the Scale-VAE paper."""

import keras
import tensorflow as tf

from scale_vae_keras.priors.diagonal_gaussian import DiagonalGaussian


@keras.saving.register_keras_serializable("scale_vae_keras")
class ScaledPrior(DiagonalGaussian):
    """N(0, diag f-bar^2): the decoder is fed f-bar * z with z ~ N(0, I).

    Song et al. (2024). f-bar is the model's own; it is 1 for systems without a factor.

    Example:
        >>> model = sv.ScaleVAE(9, latent_dim=2, embedding_dim=3, units=4)
        >>> model.ensure_built()
        >>> _ = model.posterior_scale.average.assign([2.0, 5.0])
        >>> _ = model.posterior_scale.has_average.assign(1.0)
        >>> model.prior.kind, model.prior.scale().numpy()
        ('scaled', array([2., 5.]))
    """

    kind = "scaled"
    _decoder_input = None

    def attach(self, model):
        """Takes f-bar from what the model feeds its decoder."""
        self._decoder_input = self._method_of(model, "decoder_input", self._decoder_input)

    def scale(self):
        """f-bar, float64 `[latent]`."""
        return tf.cast(self._decoder_input(tf.ones([1, self.latent_dim]))[0], tf.float64)
