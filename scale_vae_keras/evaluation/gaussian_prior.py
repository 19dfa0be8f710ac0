"""Gaussian priors: what they charge, their density, and samples of them."""

import math
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.samplers.row_random import row_normals, row_seeds


class DiagonalPrior(NamedTuple):
    """N(mean, diag stddev^2), float64 `[latent]` each."""

    mean: np.ndarray
    stddev: np.ndarray

    @classmethod
    def fit(cls, mean: np.ndarray, log_var: np.ndarray) -> "DiagonalPrior":
        """The diagonal Gaussian with the mean and the variances of the aggregated posterior.

        No other diagonal Gaussian has a smaller mean KL from these posteriors.

        Args:
            mean: posterior means, `[sentences, latent]`.
            log_var: log variances, `[sentences, latent]`.
        """
        mean, variance = np.float64(mean), np.exp(np.float64(log_var))
        return cls(mean.mean(axis=0), np.sqrt(mean.var(axis=0) + variance.mean(axis=0)))

    def kl_by_dimension(self, mean: np.ndarray, log_var: np.ndarray) -> np.ndarray:
        """KL(N(mean, exp(log_var)) || prior) in nats, float64 `[sentences, latent]`.

        Args:
            mean: `[sentences, latent]`.
            log_var: `[sentences, latent]`.
        """
        log_ratio = np.float64(log_var) - 2 * np.log(self.stddev)
        distance = (mean - self.mean) / self.stddev
        return 0.5 * (np.square(distance) + np.exp(log_ratio) - log_ratio - 1)

    def kl(self, mean: np.ndarray, log_var: np.ndarray) -> np.ndarray:
        """The sum of `kl_by_dimension` over the dimensions, float64 `[sentences]`."""
        return self.kl_by_dimension(mean, log_var).sum(axis=1)

    def log_density(self, z: np.ndarray) -> np.ndarray:
        """Log prior(z) in nats, float64 `[...]` for z `[..., latent]`."""
        distance = (z - self.mean) / self.stddev
        constant = np.sum(np.log(self.stddev) + 0.5 * math.log(2 * math.pi))
        return -0.5 * np.sum(np.square(distance), axis=-1) - constant

    def sample(self, count: int, seed: int) -> np.ndarray:
        """Samples, float32 `[count, latent]`; more of them begin with the same ones.

        Raises:
            InputError: `count` is below 1, or `seed` below 0.
        """
        return np.float32(self.mean + self.stddev * standard_normals(count, seed, len(self.mean)))


class FullPrior(NamedTuple):
    """N(mean, cholesky cholesky^T), float64 `[latent]` and `[latent, latent]`, lower triangular."""

    mean: np.ndarray
    cholesky: np.ndarray

    @classmethod
    def fit(cls, mean: np.ndarray, log_var: np.ndarray) -> "FullPrior":
        """The Gaussian with the mean and the covariance of the aggregated posterior.

        The covariance is Cov[mean] + diag(E[sigma^2]). No other Gaussian has a smaller mean KL
        from these posteriors.

        Args:
            mean: posterior means, `[sentences, latent]`.
            log_var: log variances, `[sentences, latent]`.
        """
        mean, variance = np.float64(mean), np.exp(np.float64(log_var))
        centred = mean - mean.mean(axis=0)
        covariance = centred.T @ centred / len(mean) + np.diag(variance.mean(axis=0))
        return cls(mean.mean(axis=0), np.linalg.cholesky(covariance))

    def kl(self, mean: np.ndarray, log_var: np.ndarray) -> np.ndarray:
        """KL(N(mean, exp(log_var)) || prior) in nats, float64 `[sentences]`.

        With S the prior's covariance and m its mean, `0.5 * (tr(S^-1 diag sigma^2) +
        (mean - m)^T S^-1 (mean - m) - latent + log det S - sum log sigma^2)`.

        Args:
            mean: `[sentences, latent]`.
            log_var: `[sentences, latent]`.
        """
        whitening = np.linalg.inv(self.cholesky)
        log_var = np.float64(log_var)
        precision = np.square(whitening).sum(axis=0)
        distance = (mean - self.mean) @ whitening.T
        return (
            0.5 * np.sum(np.exp(log_var) * precision - log_var - 1, axis=1)
            + 0.5 * np.sum(np.square(distance), axis=1)
            + np.sum(np.log(np.diag(self.cholesky)))
        )

    def log_density(self, z: np.ndarray) -> np.ndarray:
        """Log prior(z) in nats, float64 `[...]` for z `[..., latent]`."""
        distance = (z - self.mean) @ np.linalg.inv(self.cholesky).T
        constant = np.sum(np.log(np.diag(self.cholesky)) + 0.5 * math.log(2 * math.pi))
        return -0.5 * np.sum(np.square(distance), axis=-1) - constant

    def sample(self, count: int, seed: int) -> np.ndarray:
        """Samples, float32 `[count, latent]`; more of them begin with the same ones.

        Raises:
            InputError: `count` is below 1, or `seed` below 0.
        """
        noise = standard_normals(count, seed, len(self.mean))
        return np.float32(self.mean + np.einsum("ij,nj->ni", self.cholesky, noise))


def standard_normals(count: int, seed: int, latent_dim: int) -> np.ndarray:
    """The normal numbers of `TextGenerator.generate`, float64 `[count, latent_dim]`.

    Raises:
        InputError: `count` is below 1, or `seed` below 0.
    """
    if count < 1:
        raise InputError(f"the number of sentences must be at least 1, got {count}")
    if seed < 0:
        raise InputError(f"seed must be at least 0, got {seed}")
    return np.float64(row_normals(tf.constant(row_seeds(count, seed)), latent_dim))
