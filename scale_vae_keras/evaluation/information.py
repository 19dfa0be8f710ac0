"""What a set of posteriors says about the latent code: information, divergence, active units.

The posteriors are diagonal Gaussians N(mean, exp(log_var)), one for each sentence.
"""

import math
from typing import NamedTuple

import numpy as np

from scale_vae_keras.errors import InputError
from scale_vae_keras.priors import Prior
from scale_vae_keras.settings import real_number, whole_number

_BLOCK_ROWS = 1024
_BLOCK_ENTRIES = 2**24


class Information(NamedTuple):
    """Estimates of the mutual information of sentence and latent code, in nats.

    Attributes:
        estimate: with the sentence's own posterior in the aggregate; at most `cap`. It is unbiased
            for these N sentences and, in expectation, a lower bound for the population.
        standard_error: standard error of `estimate`, over sentences.
        cap: the logarithm of the number of sentences.
        upper_bound: without the sentence's own posterior in the aggregate; in expectation an upper
            bound for the population. It grows without limit as posteriors move apart.

    Example:
        >>> far_apart = 100.0 * np.arange(4)[:, None]
        >>> information = estimate_information(far_apart, np.zeros([4, 1]), seed=0)
        >>> round(information.estimate, 4), round(information.cap, 4)  # log 4
        (1.3863, 1.3863)
    """

    estimate: float
    standard_error: float
    cap: float
    upper_bound: float


def estimate_information(
    mean: np.ndarray, log_var: np.ndarray, seed: int = 0, samples: int | None = None
) -> Information:
    """Mutual information over a whole set of posteriors.

    The estimator of the BN-VAE and DU-VAE code: `(1/N) sum_i [log q(z_i | x_i) -
    log (1/N) sum_j q(z_i | x_j)]` with one sample z_i of each posterior. That code puts the
    expectation of the first term in closed form; here it is taken at the same samples, which has
    the same expectation, less noise, and never exceeds the cap log N. The upper bound divides by
    N - 1 and leaves j = i out. Memory is bounded whatever N.

    Args:
        mean: posterior means, `[sentences, latent]`.
        log_var: log variances, `[sentences, latent]`.
        seed: seed of the samples.
        samples: how many sentences a sample is drawn of, themselves drawn without replacement; all
            by default. Their samples are compared with the posteriors of all sentences, so that
            neither the expectation nor the cap changes, and time falls in proportion.

    Raises:
        InputError: fewer than two sentences or samples, a seed below 0, or shapes that differ.
    """
    mean, log_var = _checked(mean, log_var)
    random = np.random.default_rng(whole_number("seed", seed, 0))
    count = len(mean)
    rows = np.arange(count)
    if samples is not None and whole_number("samples", samples, 2) < count:
        rows = np.sort(random.permutation(count)[:samples])
    noise = random.standard_normal((len(rows), mean.shape[1]))
    z = mean[rows] + np.exp(0.5 * log_var[rows]) * noise
    own, others = _log_densities(z, mean, log_var, rows)
    gain = own - np.logaddexp(own, others) + math.log(count)
    return Information(
        estimate=float(gain.mean()),
        standard_error=float(gain.std(ddof=1) / math.sqrt(len(rows))),
        cap=math.log(count),
        upper_bound=float(np.mean(own - others)) + math.log(count - 1),
    )


def mutual_information(
    mean: np.ndarray, log_var: np.ndarray, seed: int = 0, samples: int | None = None
) -> tuple[float, float]:
    """The estimate of `estimate_information` and its cap, in nats."""
    result = estimate_information(mean, log_var, seed, samples)
    return result.estimate, result.cap


def batch_mutual_information(
    mean: np.ndarray, log_var: np.ndarray, batch_size: int = 32, seed: int = 0
) -> tuple[float, float]:
    """Mutual information within batches, averaged with the batches' sizes as weights.

    The estimator of the lagging-encoder code (He et al., 2019), whose published figures cannot
    exceed log 32 = 3.47. It is not comparable with the estimate over a whole set.

    Args:
        mean: posterior means, `[sentences, latent]`; consecutive rows form a batch.
        log_var: log variances, `[sentences, latent]`.
        batch_size: sentences in a batch; the last one may be smaller.
        seed: seed of the samples.

    Returns:
        The estimate and its cap, in nats.

    Raises:
        InputError: `batch_size` is below 2, fewer than two sentences, or shapes that differ.
    """
    batch_size = whole_number("batch_size", batch_size, 2)
    mean, log_var = _checked(mean, log_var)
    noise = np.random.default_rng(whole_number("seed", seed, 0)).standard_normal(mean.shape)
    z = mean + np.exp(0.5 * log_var) * noise
    total = cap = 0.0
    for start in range(0, len(mean), batch_size):
        batch = slice(start, start + batch_size)
        rows = np.arange(len(z[batch]))
        own, others = _log_densities(z[batch], mean[batch], log_var[batch], rows)
        total += np.sum(own - np.logaddexp(own, others) + math.log(len(own)))
        cap += len(own) * math.log(len(own))
    return float(total) / len(mean), cap / len(mean)


def aggregate_divergence(
    mean: np.ndarray, log_var: np.ndarray, prior: Prior, seed: int = 0
) -> float:
    """How far the aggregated posterior is from the prior: KL((1/N) sum_j q(z|x_j) || prior), nats.

    Estimated with one sample of each posterior, without bias; exact densities. It is what is left
    of the mean KL to the prior when the mutual information of these N sentences is taken off. Where
    it is large the prior has holes: regions that it draws from and no sentence is encoded to, or
    the other way round (DG-VAE, Zhang et al., 2022). Memory is bounded whatever N.

    Args:
        mean: posterior means, `[sentences, latent]`.
        log_var: log variances, `[sentences, latent]`.
        prior: see `declared_prior`.
        seed: seed of the samples.

    Raises:
        InputError: fewer than two sentences, or shapes that differ.
    """
    mean, log_var = _checked(mean, log_var)
    noise = np.random.default_rng(whole_number("seed", seed, 0)).standard_normal(mean.shape)
    z = mean + np.exp(0.5 * log_var) * noise
    own, others = _log_densities(z, mean, log_var, np.arange(len(z)))
    log_ratio = np.logaddexp(own, others) - prior.log_density(z).numpy()
    return float(np.mean(log_ratio)) - math.log(len(mean))


def _checked(mean, log_var):
    mean = np.asarray(mean, np.float64)
    log_var = np.asarray(log_var, np.float64)
    if mean.ndim != 2 or mean.shape != log_var.shape:
        raise InputError(
            f"means have shape {mean.shape} and log variances {log_var.shape}: "
            "give both as [sentences, latent]"
        )
    if len(mean) < 2:
        raise InputError("statistics over sentences need at least two sentences")
    return mean, log_var


def _log_densities(z, mean, log_var, rows):
    """Log q(z_i | x_i), and log of the sum of q(z_i | x_j) over j other than i: `[samples]`.

    Sample i is of the posterior of sentence `rows[i]`.
    """
    precision = np.exp(-log_var)
    weights = np.concatenate([-0.5 * precision, mean * precision], axis=1).T
    constant = -0.5 * np.sum(np.square(mean) * precision + log_var + math.log(2 * math.pi), axis=1)
    distance = np.square(z - mean[rows]) * precision[rows]
    own = -0.5 * np.sum(distance + log_var[rows] + math.log(2 * math.pi), axis=1)
    others = np.empty(len(z))
    size = max(1, min(_BLOCK_ROWS, _BLOCK_ENTRIES // len(mean)))
    for start in range(0, len(z), size):
        block = z[start : start + size]
        log_density = np.concatenate([np.square(block), block], axis=1) @ weights
        log_density += constant
        log_density[np.arange(len(block)), rows[start : start + len(block)]] = -np.inf
        others[start : start + len(block)] = _log_sum_exp(log_density)
    return own, others


def _log_sum_exp(values):
    """Over the last axis; overwrites `values`."""
    top = np.maximum(values.max(axis=1), np.finfo(np.float64).min)
    values -= top[:, None]
    np.exp(values, out=values)
    with np.errstate(divide="ignore"):
        return top + np.log(values.sum(axis=1))


def active_units(mean: np.ndarray, threshold: float = 0.01) -> float:
    """Number of dimensions whose posterior mean varies over the sentences.

    Burda et al. (2016): the variance over sentences, with N - 1, is at least the threshold.

    Args:
        mean: posterior means, `[sentences, latent]`.
        threshold: smallest variance of an active unit.

    Returns:
        A whole number; NaN where a mean is not finite.

    Raises:
        InputError: the means have another number of dimensions, or the threshold is below 0.
    """
    mean = np.asarray(mean, np.float64)
    if mean.ndim != 2:
        raise InputError(f"means have shape {mean.shape}: give [sentences, latent]")
    threshold = real_number("threshold", threshold, least=0)
    variance = np.var(mean, axis=0, ddof=1)
    if not np.all(np.isfinite(variance)):
        return math.nan
    return int(np.count_nonzero(variance >= threshold))


def mutual_posterior_divergence(mean: np.ndarray, log_var: np.ndarray) -> np.ndarray:
    """Mean divergence between the posteriors of two sentences, in each dimension.

    Ma et al. (2019); the mean of KL(q(z|x_i) || q(z|x_j)) over all pairs, j = i included:
    `0.5 * (E[(mean_i - mean_j)^2 / var_j] + E[var] E[1 / var] - 1)`.

    Args:
        mean: posterior means, `[sentences, latent]`.
        log_var: log variances, `[sentences, latent]`.

    Returns:
        Nats, float64 `[latent]`; the sum over dimensions is the figure that is published.
    """
    mean, log_var = _checked(mean, log_var)
    centred = mean - mean.mean(axis=0)
    variance, precision = np.exp(log_var), np.exp(-log_var)
    distance = np.mean(np.square(centred), axis=0) * precision.mean(axis=0) + np.mean(
        np.square(centred) * precision, axis=0
    )
    return 0.5 * (distance + variance.mean(axis=0) * precision.mean(axis=0) - 1)


def mutual_posterior_divergence_bound(mean: np.ndarray, log_var: np.ndarray) -> float:
    """Lower bound of the mutual posterior divergence, in nats.

    `(1/C) sum_d Var[mean_d]` with C the largest variance of a posterior: Scale-VAE raises it by
    raising the variance of the means.

    Args:
        mean: posterior means, `[sentences, latent]`.
        log_var: log variances, `[sentences, latent]`.
    """
    mean, log_var = _checked(mean, log_var)
    return float(np.var(mean, axis=0).sum() / np.exp(log_var.max()))
