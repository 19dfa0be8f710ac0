"""Likelihoods from samples of the posterior, for models and for the evaluation of a corpus."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from scale_vae_keras.layers.posterior import Posterior
from scale_vae_keras.priors import Prior


class ImportanceEstimates(NamedTuple):
    """Estimates for each sentence, float64 `[sentences]`, in nats except for `ess`.

    Attributes:
        reconstruction: mean over samples of -log p(x | z).
        rate: mean over samples of log q(z | x) - log prior(z).
        log_likelihood: importance-weighted estimate of log p(x).
        ess: effective sample size of the weights, from 1 to the number of samples.
    """

    reconstruction: np.ndarray
    rate: np.ndarray
    log_likelihood: np.ndarray
    ess: np.ndarray


def sentence_streams(seed: int, sentences: Sequence[int]) -> list[np.random.Generator]:
    """The noise of each sentence, which depends only on the seed and its number.

    Args:
        seed: an integer from 0 on.
        sentences: numbers of the sentences.
    """
    return [np.random.default_rng([seed, sentence]) for sentence in sentences]


def importance_estimates(
    score: Callable[[np.ndarray], np.ndarray],
    posterior: Posterior,
    prior: Prior,
    streams: Sequence[np.random.Generator],
    samples: int,
    rows: int,
) -> ImportanceEstimates:
    """Estimates from samples of the posteriors (Burda et al., 2016).

    With K samples z_k of q(z|x), `log p(x) ~ logsumexp_k log w_k - log K` and
    `log w_k = log p(x | z_k) + log prior(z_k) - log q(z_k | x)`: a lower bound in expectation,
    exact as K grows.

    Args:
        score: gives log p(x | z) `[sentences, samples]` for float32 z
            `[sentences, samples, latent]`.
        posterior: mean and log variance, float32 arrays `[sentences, latent]`.
        prior: p(z).
        streams: the noise of each sentence, see `sentence_streams`.
        samples: K, at least 1.
        rows: maximum number of samples per pass, over all sentences; at least one per sentence.
    """
    passes = math.ceil(len(streams) * samples / rows)
    log_likelihood, log_ratio = [], []
    mean, log_var = (np.asarray(part)[:, None] for part in posterior)
    for part in np.array_split(np.arange(samples), min(passes, samples)):
        size = (len(part), mean.shape[-1])
        noise = np.stack([stream.standard_normal(size, np.float32) for stream in streams])
        z = mean + np.exp(0.5 * log_var) * noise
        log_likelihood.append(np.asarray(score(tf.constant(z))))
        log_ratio.append(prior.log_density(z).numpy() - _log_posterior(noise, log_var))
    log_likelihood = np.float64(np.concatenate(log_likelihood, axis=1))
    log_ratio = np.concatenate(log_ratio, axis=1)
    log_weight = log_likelihood + log_ratio
    top = log_weight.max(axis=1)
    weight = np.exp(log_weight - top[:, None])
    return ImportanceEstimates(
        -log_likelihood.mean(axis=1),
        -log_ratio.mean(axis=1),
        top + np.log(weight.mean(axis=1)),
        np.square(weight.sum(axis=1)) / np.square(weight).sum(axis=1),
    )


def log_likelihood_error(ess: np.ndarray, samples: int | None) -> np.ndarray:
    """Standard error of an importance-weighted log-likelihood, in nats, float64 `[sentences]`.

    By the delta method: the standard error of the mean weight as a share of the mean weight, which
    is sqrt((K / ess - 1) / (K - 1)) for K samples with N - 1 in the variance. It tells how far the
    estimate would move with other samples. With few effective samples, below about ten, it is too
    small: the weights that were drawn do not show those that were missed, for which the estimate is
    too low as well.

    Args:
        ess: effective number of samples.
        samples: K; None for a likelihood that is exact, whose error is 0. NaN for a single one.
    """
    ess = np.asarray(ess, np.float64)
    if samples is None:
        return np.zeros_like(ess)
    if samples < 2:
        return np.full_like(ess, np.nan)
    return np.sqrt(np.maximum(samples / ess - 1, 0) / (samples - 1))


def _log_posterior(noise, log_var):
    """Log q(z | x) of z = mean + exp(log_var / 2) * noise, float64 `[sentences, samples]`."""
    terms = np.square(np.float64(noise)) + np.float64(log_var) + math.log(2 * math.pi)
    return -0.5 * np.sum(terms, axis=-1)
