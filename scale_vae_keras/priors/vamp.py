"""The variational mixture of posteriors."""

import math

import keras
import numpy as np
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.priors.diagonal_mixture import Components, DiagonalMixture
from scale_vae_keras.settings import whole_number


@keras.saving.register_keras_serializable("scale_vae_keras")
class VampPrior(DiagonalMixture):
    """The mean of the posteriors of trainable pseudo-inputs: `p(z) = (1/K) sum_k q(z | u_k)`.

    Tomczak and Welling (2018), "VAE with a VampPrior". Words are not differentiable, so a
    pseudo-input is a sequence of `length` token embeddings. It runs through the model's encoder
    and is treated as a sentence is outside training: Scale-VAE scales its mean by f-bar. Gradients
    reach the pseudo-inputs and the encoder.

    Trainable weight: `pseudo_inputs`, float32 `[components, length, embedding]`.

    Args:
        components: number of pseudo-inputs, K.
        length: number of tokens per pseudo-input.
        seed: seed of the initial pseudo-inputs, which are standard normal as the encoder's
            embeddings are.

    Raises:
        InputError: `components` or `length` is below 1; in `build`, the prior has no model.

    Example:
        >>> prior = sv.priors.VampPrior(components=3, length=5)
        >>> model = sv.TextVAE(9, latent_dim=2, embedding_dim=3, units=4, prior=prior)
        >>> model.ensure_built()
        >>> prior.mixture().means.shape
        TensorShape([3, 2])
    """

    kind = "vamp"
    learned = True

    def __init__(self, components: int = 64, length: int = 8, seed: int = 0, **kwargs):
        super().__init__(**kwargs)
        self.components = whole_number("components", components, 1)
        self.length = whole_number("length", length, 1)
        self.seed = seed
        self._pseudo_posterior = None

    def attach(self, model):
        """Takes the encoder from the model."""
        if not hasattr(model.encoder, "summary_of_embeddings"):
            raise InputError(
                'the prior "vamp" runs embeddings through the encoder, which needs embedding_dim '
                "and summary_of_embeddings: choose another prior"
            )
        known = self._pseudo_posterior
        self._pseudo_posterior = self._method_of(model, "pseudo_posterior", known)
        self._embedding_dim = model.encoder.embedding_dim

    def build(self, input_shape):
        """Creates the pseudo-inputs for codes `[..., latent]`."""
        super().build(input_shape)
        if self._pseudo_posterior is None:
            raise InputError('the prior "vamp" needs the encoder of a model: pass it to the model')
        self.pseudo_inputs = self.add_weight(
            name="pseudo_inputs",
            shape=(self.components, self.length, self._embedding_dim),
            initializer=lambda shape, dtype: tf.cast(
                np.random.default_rng(self.seed).standard_normal(shape), dtype
            ),
            dtype="float32",
            autocast=False,
        )

    def mixture(self):
        """The posteriors of the pseudo-inputs, with equal weights."""
        posterior = self._pseudo_posterior(tf.convert_to_tensor(self.pseudo_inputs))
        return Components(
            tf.fill([self.components], tf.constant(-math.log(self.components), tf.float64)),
            tf.cast(posterior.mean, tf.float64),
            tf.cast(posterior.log_var, tf.float64),
        )

    def get_config(self):
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "components": self.components,
            "length": self.length,
            "seed": self.seed,
        }
