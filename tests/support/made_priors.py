"""Priors with given parameters, and their components for independent computations."""

import numpy as np

from scale_vae_keras.priors import (
    DiagonalPrior,
    FullPrior,
    LearnedMixturePrior,
    MixturePrior,
)
from scale_vae_keras.priors.diagonal_gaussian import DiagonalGaussian
from scale_vae_keras.priors.diagonal_mixture import DiagonalMixture


def made(prior, latent_dim, **values):
    """The prior, built, with these values of its weights."""
    prior.build((None, latent_dim))
    for name, value in values.items():
        getattr(prior, name).assign(value)
    if prior.needs_fit:
        prior.fitted.assign(1.0)
    return prior


def diagonal_prior(mean, stddev):
    return made(DiagonalPrior(), len(mean), mean=mean, stddev=stddev)


def full_prior(mean, cholesky):
    return made(FullPrior(), len(mean), mean=mean, cholesky=cholesky)


def mixture_prior(shares, means, choleskys):
    return made(
        MixturePrior(len(shares)),
        len(means[0]),
        shares=shares,
        means=means,
        choleskys=choleskys,
    )


def learned_prior(logits, means, log_stddevs):
    return made(
        LearnedMixturePrior(len(logits)),
        len(means[0]),
        logits=logits,
        means=means,
        log_stddevs=log_stddevs,
    )


def components(prior):
    """Weight, mean and lower triangular root of the covariance of each Gaussian, by NumPy."""
    match prior:
        case MixturePrior():
            parts = (prior.shares, prior.means, prior.choleskys)
            return list(zip(*(np.float64(part) for part in parts), strict=True))
        case DiagonalMixture():
            log_shares, means, log_vars = (part.numpy() for part in prior.mixture())
            roots = [np.diag(np.exp(0.5 * row)) for row in log_vars]
            return list(zip(np.exp(log_shares), means, roots, strict=True))
        case FullPrior():
            return [(1.0, np.float64(prior.mean), np.float64(prior.cholesky))]
        case DiagonalGaussian():
            return [(1.0, prior.location().numpy(), np.diag(prior.scale().numpy()))]
