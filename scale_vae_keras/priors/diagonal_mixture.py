"""The base class of priors that are mixtures of diagonal Gaussians."""

import math
from typing import NamedTuple

import tensorflow as tf

from scale_vae_keras.layers.row_random import row_normals
from scale_vae_keras.priors.mixture import drawn_components
from scale_vae_keras.priors.prior import Prior, gaussian_kl, gaussian_log_density


class Components(NamedTuple):
    """The Gaussians of a mixture, float64.

    Attributes:
        log_shares: log weights, `[components]`; their exponentials add up to 1.
        means: `[components, latent]`.
        log_vars: `[components, latent]`.
    """

    log_shares: tf.Tensor
    means: tf.Tensor
    log_vars: tf.Tensor


class DiagonalMixture(Prior):
    """A mixture of diagonal Gaussians; subclasses say which."""

    closed_form = False

    def mixture(self) -> Components:
        """The Gaussians."""
        raise NotImplementedError

    def log_density(self, z):
        """Log p(z) in nats, float64 `[...]`, for z `[..., latent]`."""
        return mixture_log_density(z, self.mixture())

    def rate(self, mean, log_var, z):
        """An unbiased estimate of the KL, in nats, float64 `[batch]`.

        `KL(q || g) + log g(z) - log p(z)`, with g the Gaussian that has the mean and the variances
        of the mixture: as `log q(z) - log p(z)` its mean over z is KL(q || p), but it varies with
        the part of the mixture alone that is not Gaussian, and is exact for a single Gaussian.
        """
        components = self.mixture()
        shares = tf.exp(components.log_shares)[:, tf.newaxis]
        location = tf.reduce_sum(shares * components.means, axis=0)
        within = tf.exp(components.log_vars) + tf.square(components.means - location)
        variance = tf.reduce_sum(shares * within, axis=0)
        exact = tf.reduce_sum(gaussian_kl(mean, log_var, location, tf.sqrt(variance)), axis=-1)
        approximate = gaussian_log_density(z, location, tf.math.log(variance))
        return exact + approximate - mixture_log_density(z, components)

    def sample(self, seeds):
        """One sample per row, float32 `[rows, latent]`."""
        log_shares, means, log_vars = self.mixture()
        drawn = drawn_components(seeds, tf.exp(log_shares))
        noise = tf.cast(row_normals(seeds, self.latent_dim), tf.float64)
        stddevs = tf.exp(0.5 * tf.gather(log_vars, drawn))
        return tf.cast(tf.gather(means, drawn) + stddevs * noise, tf.float32)


def mixture_log_density(z: tf.Tensor, components: Components) -> tf.Tensor:
    """Log density of a mixture of diagonal Gaussians, in nats, float64 `[...]`.

    Squares are multiplied out, so that memory does not grow with latent x components.

    Args:
        z: `[..., latent]`.
        components: the mixture.
    """
    z = tf.cast(z, tf.float64)
    log_shares, means, log_vars = components
    precisions = tf.exp(-log_vars)
    constant = tf.reduce_sum(
        tf.square(means) * precisions + log_vars + math.log(2 * math.pi), axis=1
    )
    squares = tf.einsum("...d,kd->...k", tf.square(z), precisions)
    products = tf.einsum("...d,kd->...k", z, means * precisions)
    return tf.reduce_logsumexp(log_shares - 0.5 * (squares + constant) + products, axis=-1)
