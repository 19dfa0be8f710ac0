"""A Gaussian with a full covariance matrix, fitted to the aggregated posterior."""

import math

import keras
import numpy as np
import tensorflow as tf

from scale_vae_keras.layers.row_random import row_normals
from scale_vae_keras.layers.state import add_state
from scale_vae_keras.priors.prior import Prior


@keras.saving.register_keras_serializable("scale_vae_keras")
class FullPrior(Prior):
    """The Gaussian with the mean and the covariance of the aggregated posterior.

    The covariance is Cov[mean] + diag(E[sigma^2]). No other Gaussian has a smaller mean KL from
    the posteriors that it is fitted to. Weights, float32: `mean` `[latent]` and `cholesky`, the
    lower triangular root of the covariance, `[latent, latent]`.

    Example:
        >>> prior = sv.priors.FullPrior()
        >>> prior.build_for(2)
        >>> prior.fit(sv.layers.Posterior(np.array([[-1.0, -1.0], [1.0, 1.0]]), np.zeros([2, 2])))
        >>> root = prior.cholesky.numpy()
        >>> (root @ root.T).round(3)
        array([[2., 1.],
               [1., 2.]], dtype=float32)
    """

    kind = "full"
    needs_fit = True

    def build(self, input_shape):
        """Creates the state for codes `[..., latent]`."""
        super().build(input_shape)
        self.mean = add_state(self, "mean", (self.latent_dim,))
        self.cholesky = add_state(self, "cholesky", (self.latent_dim, self.latent_dim), "identity")

    def log_density(self, z):
        """Log p(z) in nats, float64 `[...]`, for z `[..., latent]`."""
        mean, root = (tf.cast(part, tf.float64) for part in (self.mean, self.cholesky))
        return full_log_density(z, mean, root)

    def kl(self, mean, log_var):
        """KL(N(mean, diag exp(log_var)) || p) in nats, float64 `[batch]`.

        With S the prior's covariance and m its mean, `0.5 * (tr(S^-1 diag sigma^2) +
        (mean - m)^T S^-1 (mean - m) - latent + log det S - sum log sigma^2)`.
        """
        mean, log_var = tf.cast(mean, tf.float64), tf.cast(log_var, tf.float64)
        root = tf.cast(self.cholesky, tf.float64)
        whitening = tf.linalg.triangular_solve(root, tf.eye(self.latent_dim, dtype=tf.float64))
        precision = tf.reduce_sum(tf.square(whitening), axis=0)
        distance = tf.matmul(mean - tf.cast(self.mean, tf.float64), whitening, transpose_b=True)
        return (
            0.5 * tf.reduce_sum(tf.exp(log_var) * precision - log_var - 1, axis=1)
            + 0.5 * tf.reduce_sum(tf.square(distance), axis=1)
            + tf.reduce_sum(tf.math.log(tf.linalg.diag_part(root)))
        )

    def sample(self, seeds):
        """One sample per row, float32 `[rows, latent]`."""
        noise = tf.cast(row_normals(seeds, self.latent_dim), tf.float64)
        root = tf.cast(self.cholesky, tf.float64)
        return tf.cast(tf.cast(self.mean, tf.float64) + transformed(root, noise), tf.float32)

    def _fit(self, mean, log_var, seed):
        centred = mean - mean.mean(axis=0)
        covariance = centred.T @ centred / len(mean) + np.diag(np.exp(log_var).mean(axis=0))
        self.mean.assign(mean.mean(axis=0))
        self.cholesky.assign(np.linalg.cholesky(covariance))


def full_log_density(z: tf.Tensor, mean: tf.Tensor, root: tf.Tensor) -> tf.Tensor:
    """Log N(z; mean, root root^T) in nats, float64 `[...]`.

    Args:
        z: `[..., latent]`.
        mean: float64 `[latent]`.
        root: lower triangular, float64 `[latent, latent]`.
    """
    z = tf.cast(z, tf.float64)
    rows = tf.reshape(z - mean, [-1, root.shape[-1]])
    distance = tf.linalg.triangular_solve(root, tf.transpose(rows))
    constant = tf.reduce_sum(
        tf.math.log(tf.linalg.diag_part(root)) + 0.5 * math.log(2 * math.pi), axis=-1
    )
    log_density = -0.5 * tf.reduce_sum(tf.square(distance), axis=0) - constant
    return tf.reshape(log_density, tf.shape(z)[:-1])


def transformed(roots: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
    """The product of a matrix and each row, added up row by row, `[rows, latent]`.

    A product of matrices would round differently for a few rows than for many.

    Args:
        roots: `[latent, latent]`, or a matrix per row, `[rows, latent, latent]`.
        noise: `[rows, latent]`.
    """
    return tf.reduce_sum(roots * noise[:, tf.newaxis], axis=-1)
