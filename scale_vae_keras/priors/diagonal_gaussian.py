"""The base class of priors that are one Gaussian with a diagonal covariance."""

import math

import tensorflow as tf

from scale_vae_keras.layers.row_random import row_normals
from scale_vae_keras.priors.prior import Prior, gaussian_kl


class DiagonalGaussian(Prior):
    """N(location, diag scale^2); subclasses say what these are."""

    def location(self) -> tf.Tensor:
        """The mean, float64 `[latent]`."""
        return tf.zeros([self.latent_dim], tf.float64)

    def scale(self) -> tf.Tensor:
        """The standard deviation, float64 `[latent]`."""
        return tf.ones([self.latent_dim], tf.float64)

    def log_density(self, z):
        """Log p(z) in nats, float64 `[...]`, for z `[..., latent]`."""
        scale = self.scale()
        distance = (tf.cast(z, tf.float64) - self.location()) / scale
        constant = tf.reduce_sum(tf.math.log(scale) + 0.5 * math.log(2 * math.pi))
        return -0.5 * tf.reduce_sum(tf.square(distance), axis=-1) - constant

    def kl_by_dimension(self, mean: tf.Tensor, log_var: tf.Tensor) -> tf.Tensor:
        """KL(N(mean, exp(log_var)) || p) per dimension, in nats, float64 `[batch, latent]`."""
        return gaussian_kl(mean, log_var, self.location(), self.scale())

    def kl(self, mean, log_var):
        """The sum of `kl_by_dimension` over the dimensions, float64 `[batch]`."""
        return tf.reduce_sum(self.kl_by_dimension(mean, log_var), axis=-1)

    def sample(self, seeds):
        """One sample per row, float32 `[rows, latent]`."""
        location, scale = (tf.cast(part, tf.float32) for part in (self.location(), self.scale()))
        return location + scale * row_normals(seeds, self.latent_dim)
