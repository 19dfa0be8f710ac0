"""Effective sample size of the importance weights, against NumPy."""

import numpy as np
import pytest
from exact_models import END, START, as_split, numpy_log_likelihood, small_scale_vae

from scale_vae_keras.evaluation.density import evaluate_density
from scale_vae_keras.evaluation.encode import encode_sentences
from scale_vae_keras.evaluation.importance_weighting import log_likelihood_error
from scale_vae_keras.evaluation.prior import declared_prior

SENTENCES = ([START, 4, END], [START, 5, 4, 5, END], [START, 3, 5, END])
SAMPLES = 6
FACTOR = np.array([1.5, 0.7])
SEED = 3


def log_weights(model, encoded, sentence):
    """log p(x | z) + log prior(z) - log q(z | x) of a sentence's samples, by NumPy."""
    mean, log_var = (np.float64(part[sentence]) for part in (encoded.mean, encoded.log_var))
    noise = np.random.default_rng([SEED, sentence]).standard_normal((SAMPLES, 2), np.float32)
    z = mean + np.exp(0.5 * log_var) * noise
    log_prior = -0.5 * np.square(z / FACTOR) - np.log(FACTOR)
    log_posterior = -0.5 * np.square(noise) - 0.5 * log_var
    likelihood = numpy_log_likelihood(model.decoder, SENTENCES[sentence], z)
    return likelihood + np.sum(log_prior - log_posterior, axis=1)


def test_effective_sample_size_of_unequal_weights():
    model = small_scale_vae(2, FACTOR)
    split = as_split(SENTENCES)
    encoded = encode_sentences(model, split)
    prior = declared_prior(model, "scaled")
    result = evaluate_density(model, split, encoded, prior, SAMPLES, SEED)
    weights = [np.exp(log_weights(model, encoded, i)) for i in range(len(SENTENCES))]
    expected = [1 / np.square(each / each.sum()).sum() for each in weights]
    assert all(1.2 < size < SAMPLES - 0.5 for size in expected)
    np.testing.assert_allclose(result.ess, expected, rtol=1e-4)
    np.testing.assert_allclose(
        result.log_likelihood, np.log([each.mean() for each in weights]), rtol=1e-5
    )


def test_the_standard_error_is_that_of_repeated_estimates():
    """Over 3,000 estimates of 400 log-normal weights each; the delta method, by ess alone."""
    log_weights = np.random.default_rng(0).normal(0, 0.6, (3000, 400))
    weights = np.exp(log_weights)
    ess = weights.sum(axis=1) ** 2 / np.square(weights).sum(axis=1)
    deviation = np.log(weights.mean(axis=1)).std()
    errors = log_likelihood_error(ess, 400)
    assert errors.mean() == pytest.approx(deviation, rel=0.04)
    share = weights[0].std(ddof=1) / weights[0].mean() / np.sqrt(400)
    assert errors[0] == pytest.approx(share, rel=1e-9)
    assert log_likelihood_error([400.0], 400).tolist() == [0.0]
    assert log_likelihood_error([1.0, 1.0], None).tolist() == [0.0, 0.0]
    assert np.isnan(log_likelihood_error([1.0], 1)).all()
