"""What a set of posteriors says about the latent code: information, active units."""

import math

import numpy as np

_BLOCK_ROWS = 1024


def mutual_information(
    mean: np.ndarray, log_var: np.ndarray, seed: int = 0
) -> tuple[float, float]:
    """Mutual information between sentences and latent code, over a whole set of posteriors.

    The estimator of the BN-VAE and DU-VAE code: with one sample z_i of each posterior,
    `(1/N) sum_i log q(z_i | x_i)`, in closed form, minus `(1/N) sum_i log (1/N) sum_j q(z_i | x_j)`.
    It cannot exceed log N, and may fall a little below zero through sampling noise.

    Args:
        mean: posterior means, `[sentences, latent]`.
        log_var: log variances, `[sentences, latent]`.
        seed: of the samples.

    Returns:
        The estimate and its cap log N, in nats.
    """
    mean = np.asarray(mean, np.float64)
    log_var = np.asarray(log_var, np.float64)
    count, latent = mean.shape
    noise = np.random.default_rng(seed).standard_normal((count, latent))
    z = mean + np.exp(0.5 * log_var) * noise
    negative_entropy = -0.5 * latent * math.log(2 * math.pi) - 0.5 * np.mean(
        np.sum(1 + log_var, axis=1)
    )
    return float(negative_entropy - np.mean(_aggregate_log_density(z, mean, log_var))), math.log(
        count
    )


def _aggregate_log_density(z, mean, log_var):
    """Log of the mean over j of N(z_i; mean_j, exp(log_var_j)), `[sentences]`."""
    precision = np.exp(-log_var)
    weights = np.concatenate([-0.5 * precision, mean * precision], axis=1).T
    constant = -0.5 * np.sum(
        np.square(mean) * precision + log_var + math.log(2 * math.pi), axis=1
    )
    result = np.empty(len(z))
    for start in range(0, len(z), _BLOCK_ROWS):
        block = z[start : start + _BLOCK_ROWS]
        log_density = np.concatenate([np.square(block), block], axis=1) @ weights + constant
        top = log_density.max(axis=1)
        log_density -= top[:, None]
        np.exp(log_density, out=log_density)
        result[start : start + _BLOCK_ROWS] = top + np.log(log_density.mean(axis=1))
    return result


def active_units(mean: np.ndarray, threshold: float = 0.01) -> int:
    """Number of dimensions whose posterior mean varies over the sentences.

    Burda et al. (2016): the variance over sentences, with N - 1, is at least the threshold.

    Args:
        mean: posterior means, `[sentences, latent]`.
        threshold: smallest variance of an active unit.
    """
    return int(np.count_nonzero(np.var(np.asarray(mean, np.float64), axis=0, ddof=1) >= threshold))
