"""A diagonal Gaussian fitted to the aggregated posterior."""

import keras
import numpy as np
import tensorflow as tf

from scale_vae_keras.layers.state import add_state
from scale_vae_keras.priors.diagonal_gaussian import DiagonalGaussian


@keras.saving.register_keras_serializable("scale_vae_keras")
class DiagonalPrior(DiagonalGaussian):
    """The diagonal Gaussian with the mean and the variances of the aggregated posterior.

    No other diagonal Gaussian has a smaller mean KL from the posteriors that it is fitted to.
    Weights, float32: `mean` and `stddev`, `[latent]`.

    Example:
        >>> prior = sv.priors.DiagonalPrior()
        >>> prior.build_for(2)
        >>> prior.fit(sv.layers.Posterior(np.array([[0.0, 3.0], [2.0, 3.0]]), np.zeros([2, 2])))
        >>> prior.location().numpy(), prior.scale().numpy().round(3)
        (array([1., 3.]), array([1.414, 1.   ]))
    """

    kind = "diagonal"
    needs_fit = True

    def build(self, input_shape):
        """Creates the state for codes `[..., latent]`."""
        super().build(input_shape)
        self.mean = add_state(self, "mean", (self.latent_dim,))
        self.stddev = add_state(self, "stddev", (self.latent_dim,), "ones")

    def location(self):
        """The mean, float64 `[latent]`."""
        return tf.cast(self.mean, tf.float64)

    def scale(self):
        """The standard deviation, float64 `[latent]`."""
        return tf.cast(self.stddev, tf.float64)

    def _fit(self, mean, log_var, seed):
        self.mean.assign(mean.mean(axis=0))
        self.stddev.assign(np.sqrt(mean.var(axis=0) + np.exp(log_var).mean(axis=0)))
