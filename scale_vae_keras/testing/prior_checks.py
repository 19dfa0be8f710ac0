"""Checks for custom priors."""

import keras
import numpy as np
import tensorflow as tf

from scale_vae_keras.layers.posterior import Posterior
from scale_vae_keras.priors.prior import Prior, gaussian_log_density
from scale_vae_keras.testing.sentences import same

_SAMPLES = 4_000
_ERRORS = 6.0
"""How many standard errors an estimate may be off, which chance alone does not reach."""

_FREEDOM = 5
"""Degrees of freedom of Student's distribution, whose tails are heavier than a prior's."""


def check_prior(prior: Prior, latent_dim: int = 2) -> None:
    """Asserts that a prior keeps to the interface of `Prior`.

    A copy is checked, fitted to posteriors if it is one that is fitted; the given prior is left
    alone. What is checked, estimates with 4,000 samples:

    - the configuration brings an equal prior back (it is registered with Keras), with its weights;
    - `sample` gives float32 `[rows, latent]`, each row by its own seed alone;
    - `log_density` gives float64 `[...]`, integrates to 1, and is that of the samples;
    - `kl` is the divergence, where it has a closed form.

    Args:
        prior: a prior that is not built, or is built for `latent_dim`; not one that computes with
            parts of a model.
        latent_dim: number of latent dimensions; estimates are sharp for few.

    Raises:
        AssertionError: it does not, with what is wrong.

    Example:
        >>> sv.testing.check_prior(sv.priors.StandardPrior())
    """
    random = np.random.default_rng(0)
    checked = _copy(prior, latent_dim)
    if prior.built:
        _check_copy(checked, prior, latent_dim)
    if checked.needs_fit:
        means = random.normal(size=[500, latent_dim]) * np.arange(1, latent_dim + 1) + 0.5
        checked.fit(Posterior(means, np.full_like(means, -1.0)))
        assert checked.is_fitted, "fit leaves the prior unfitted: define _fit, not fit"
    seeds = tf.range(_SAMPLES, dtype=tf.int64)
    samples = _check_samples(checked, seeds, latent_dim)
    _check_copy(_copy(checked, latent_dim), checked, latent_dim)
    _check_density(checked, samples, random)
    if checked.closed_form:
        _check_divergence(checked, latent_dim, random)


def _copy(prior, latent_dim):
    config = keras.saving.serialize_keras_object(prior)
    copy = keras.saving.deserialize_keras_object(config)
    assert type(copy) is type(prior), "the configuration gives another class"
    assert copy.get_config() == prior.get_config(), (
        "get_config leaves arguments out: compare it with the constructor's"
    )
    copy.build_for(latent_dim)
    if prior.built:
        copy.set_weights(prior.get_weights())
    return copy


def _check_copy(copy, prior, latent_dim):
    z = tf.reshape(tf.linspace(-2.0, 2.0, 4 * latent_dim), [4, latent_dim])
    what = (
        "the prior of the configuration, with the same weights, differs: get_config leaves "
        "arguments out, or state is not in weights"
    )
    same(copy.log_density(z), prior.log_density(z), 1e-9, what)


def _check_samples(prior, seeds, latent_dim):
    samples = prior.sample(seeds)
    assert samples.dtype == tf.float32, f"samples are {samples.dtype.name}, not float32"
    assert samples.shape == (len(seeds), latent_dim), f"samples have the shape {samples.shape}"
    what = "a sample depends on the other rows: draw it from its own seed, see row_normals"
    same(prior.sample(seeds[3:5]), samples[3:5], 1e-6, what)
    assert len(np.unique(samples[:100], axis=0)) == 100, "other seeds give the same sample"
    return samples


def _check_density(prior, samples, random):
    """By importance sampling from a wider distribution with heavier tails."""
    own = np.asarray(prior.log_density(samples))
    assert own.dtype == np.float64, f"log_density is {own.dtype}, not float64"
    assert own.shape == (len(samples),), f"log_density of [n, latent] has the shape {own.shape}"
    same(
        np.ravel(prior.log_density(tf.reshape(samples[:6], [2, 3, -1]))),
        own[:6],
        1e-9,
        "log_density depends on how codes are arranged: sum over the last axis alone",
    )
    location, scale = np.mean(samples, axis=0), 1.5 * np.std(samples, axis=0)
    wide = location + scale * random.standard_t(_FREEDOM, size=samples.shape)
    log_density = np.asarray(prior.log_density(wide))
    weights = np.exp(log_density - _log_student(wide, location, scale))
    _near(weights, 1.0, "the integral of exp(log_density) is not 1")
    # Both are the mean of the density's own logarithm, minus the entropy.
    terms = np.where(weights > 0, weights * log_density, 0.0)
    what = "samples are not those of log_density: their mean log density"
    error = np.std(own) / np.sqrt(len(own))
    _near(terms, np.mean(own), what, error)


def _log_student(z, location, scale):
    terms = np.log1p(np.square((z - location) / scale) / _FREEDOM) * (_FREEDOM + 1) / 2
    # Of one dimension with 5 degrees of freedom: 8 / (3 pi sqrt(5)).
    return np.sum(np.log(8 / (3 * np.pi * np.sqrt(_FREEDOM))) - np.log(scale) - terms, axis=-1)


def _check_divergence(prior, latent_dim, random):
    mean = random.normal(size=[4, latent_dim])
    log_var = random.normal(size=[4, latent_dim]) - 1
    exact = np.asarray(prior.kl(mean, log_var))
    assert exact.dtype == np.float64, f"kl is {exact.dtype}, not float64"
    assert exact.shape == (4,), f"kl of [n, latent] has the shape {exact.shape}"
    for row in range(4):
        noise = random.normal(size=[_SAMPLES, latent_dim])
        z = mean[row] + np.exp(0.5 * log_var[row]) * noise
        ratio = gaussian_log_density(z, mean[row], log_var[row]) - prior.log_density(z)
        _near(np.asarray(ratio), exact[row], "kl is not the divergence of log_density")


def _near(values, expected, what, error=0.0):
    found = np.mean(values)
    error = np.hypot(error, np.std(values) / np.sqrt(len(values)))
    assert abs(found - expected) <= _ERRORS * error + 1e-9, (
        f"{what}: {found:.4f} +- {error:.4f} instead of {expected:.4f}"
    )
