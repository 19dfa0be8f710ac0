"""The priors of the generators: rates, densities, samples."""

import math
import sys

import numpy as np
import pytest
from toy_models import VOCABULARY, as_split, every_sequence, small_scale_vae

from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.encode import Encoded, encode_sentences
from scale_vae_keras.evaluation.gaussian_prior import DiagonalPrior, FullPrior
from scale_vae_keras.evaluation.information import aggregate_divergence, estimate_information
from scale_vae_keras.evaluation.mixture_prior import MixturePrior
from scale_vae_keras.evaluation.prior import FITTED, GENERATORS, declared_prior
from scale_vae_keras.models import LanguageModel
from scale_vae_keras.samplers import TemperatureSampler
from scale_vae_keras.samplers.row_random import row_seeds

DIAGONAL = DiagonalPrior(np.array([0.5, -1.0]), np.array([0.7, 2.0]))
FULL = FullPrior(np.array([0.5, -1.0]), np.array([[1.5, 0.0], [-0.9, 0.4]]))
MIXTURE = MixturePrior(
    np.array([0.2, 0.5, 0.3]),
    np.array([[4.0, 1.0], [-2.0, 0.0], [0.0, -3.0]]),
    np.array([[[1.0, 0.0], [0.8, 0.3]], [[0.5, 0.0], [0.0, 2.0]], [[1.2, 0.0], [-1.0, 0.6]]]),
)
PRIORS = pytest.mark.parametrize("prior", [DIAGONAL, FULL, MIXTURE], ids=lambda p: type(p).__name__)
# Two posteriors of variance 1: the aggregate is a mixture of two Gaussians on a diagonal.
TWO = (np.array([[1.0, 1.0], [-1.0, -1.0]]), np.zeros([2, 2]))


def components(prior):
    """Weight, mean and covariance of each component."""
    if isinstance(prior, MixturePrior):
        covariances = [root @ root.T for root in prior.choleskys]
        return list(zip(prior.weights, prior.means, covariances, strict=True))
    if isinstance(prior, FullPrior):
        return [(1.0, prior.mean, prior.cholesky @ prior.cholesky.T)]
    return [(1.0, prior.mean, np.diag(np.square(prior.stddev)))]


def gaussian_divergence(mean, variance, prior_mean, covariance):
    """KL of N(mean, diag variance) to N(prior_mean, covariance)."""
    precision = np.linalg.inv(covariance)
    distance = mean - prior_mean
    return 0.5 * (
        np.trace(precision @ np.diag(variance))
        + distance @ precision @ distance
        - len(mean)
        + np.linalg.slogdet(covariance)[1]
        - np.log(variance).sum()
    )


def posteriors(count):
    """Correlated means in three dimensions, and log variances."""
    random = np.random.default_rng(10)
    means = random.normal(size=(count, 3)) @ [[2.0, 1.5, 0.0], [0.0, 0.3, 0.4], [0.0, 0.0, 1.0]]
    return means, random.normal(-0.5, 0.4, (count, 3))


@PRIORS
def test_log_density_is_that_of_the_normal_distributions(prior):
    z = np.random.default_rng(1).normal(0, 3, (5, 4, 2))
    density = 0.0
    for weight, mean, covariance in components(prior):
        distance = z - mean
        squares = np.einsum("abi,ij,abj->ab", distance, np.linalg.inv(covariance), distance)
        norm = 2 * math.pi * math.sqrt(np.linalg.det(covariance))
        density = density + weight * np.exp(-0.5 * squares) / norm
    np.testing.assert_allclose(prior.log_density(z), np.log(density), rtol=1e-10)


def test_log_density_far_from_a_mixture_is_finite():
    z = np.array([[1e4, -1e4]])
    nearest = max(
        math.log(w) + FullPrior(m, r).log_density(z)[0] for w, m, r in zip(*MIXTURE, strict=True)
    )
    assert MIXTURE.log_density(z)[0] == pytest.approx(nearest)


@pytest.mark.parametrize("prior", [DIAGONAL, FULL])
def test_rate_is_the_divergence_of_gaussians(prior):
    random = np.random.default_rng(2)
    means, log_vars = random.normal(0, 2, (20, 2)), random.normal(0, 1, (20, 2))
    ((_, mean, covariance),) = components(prior)
    expected = [
        gaussian_divergence(own, np.exp(log_var), mean, covariance)
        for own, log_var in zip(means, log_vars, strict=True)
    ]
    np.testing.assert_allclose(prior.kl(means, log_vars), expected, rtol=1e-10)


def test_a_full_prior_with_a_diagonal_covariance_is_the_diagonal_one():
    full = FullPrior(DIAGONAL.mean, np.diag(DIAGONAL.stddev))
    mean, log_var = (part[:, :2] for part in posteriors(10))
    np.testing.assert_allclose(full.kl(mean, log_var), DIAGONAL.kl(mean, log_var), rtol=1e-12)
    np.testing.assert_allclose(full.log_density(mean), DIAGONAL.log_density(mean), rtol=1e-12)
    np.testing.assert_array_equal(full.sample(5, 3), DIAGONAL.sample(5, 3))


def test_a_mixture_has_no_rate_in_closed_form():
    assert MIXTURE.kl(*TWO) is None


def test_rates_of_two_posteriors():
    """The aggregate has the mean 0 and the covariance [[2, 1], [1, 2]]."""
    full, diagonal = FullPrior.fit(*TWO), DiagonalPrior.fit(*TWO)
    np.testing.assert_allclose(full.cholesky @ full.cholesky.T, [[2, 1], [1, 2]], rtol=1e-12)
    assert full.kl(*TWO).mean() == pytest.approx(0.5 * math.log(3))
    assert diagonal.kl(*TWO).mean() == pytest.approx(math.log(2))
    assert DiagonalPrior(np.zeros(2), np.ones(2)).kl(*TWO).mean() == pytest.approx(1)


def test_rate_of_a_fitted_mixture_is_nearly_the_mutual_information():
    mixture = MixturePrior.fit(*TWO)
    # log 2 less the entropy of which posterior it was, in the direction of the means
    x = np.linspace(-12, 12, 20_001)
    density = np.exp(-0.5 * np.square(x - math.sqrt(2))) / math.sqrt(2 * math.pi)
    information = math.log(2) - np.trapezoid(density * np.log1p(np.exp(-2 * math.sqrt(2) * x)), x)
    many = [np.repeat(part, 10_000, axis=0) for part in TWO]
    noise = np.random.default_rng(6).standard_normal(many[0].shape)
    z = many[0] + noise
    log_q = -0.5 * np.sum(np.square(noise) + math.log(2 * math.pi), axis=1)
    rate = np.mean(log_q - mixture.log_density(z))
    assert information < 0.5 * math.log(3) - 0.02
    assert rate == pytest.approx(information, abs=0.01)


def test_the_richer_fit_has_the_smaller_rate():
    mean, log_var = posteriors(2_000)
    diagonal, full = (
        family.fit(mean, log_var).kl(mean, log_var) for family in (*FITTED.values(),)[:2]
    )
    standard = DiagonalPrior(np.zeros(3), np.ones(3)).kl(mean, log_var)
    assert full.mean() < diagonal.mean() - 0.5
    assert diagonal.mean() < standard.mean() - 0.1
    assert estimate_information(mean, log_var).estimate < full.mean()


def test_no_gaussian_near_the_full_fit_has_a_smaller_rate():
    mean, log_var = posteriors(200)
    fit = FullPrior.fit(mean, log_var)
    least = fit.kl(mean, log_var).mean()
    random = np.random.default_rng(3)
    for _ in range(20):
        shift, change = random.normal(0, 0.05, 3), np.tril(random.normal(0, 0.05, (3, 3)))
        other = FullPrior(fit.mean + shift, fit.cholesky + change)
        assert other.kl(mean, log_var).mean() > least


@pytest.mark.parametrize("family", FITTED.values())
def test_aggregate_is_nearest_to_what_is_fitted_to_it(family):
    mean, log_var = posteriors(500)
    fitted = aggregate_divergence(mean, log_var, family.fit(mean, log_var))
    assert fitted < aggregate_divergence(mean, log_var, DiagonalPrior(np.zeros(3), np.ones(3)))
    if family is not DiagonalPrior:
        assert fitted == pytest.approx(0, abs=0.15)


def test_the_mixture_is_the_same_bit_for_bit():
    first, second = (MixturePrior.fit(*posteriors(300)) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


@PRIORS
def test_samples_have_the_moments_of_the_prior(prior):
    count = 1_500
    z = prior.sample(count, seed=4)
    assert z.dtype == np.float32
    parts = components(prior)
    mean = sum(weight * own for weight, own, _ in parts)
    covariance = sum(
        weight * (own_covariance + np.outer(own - mean, own - mean))
        for weight, own, own_covariance in parts
    )
    error = 5 * np.sqrt(np.diag(covariance) / count)
    assert np.all(np.abs(z.mean(axis=0) - mean) < error)
    np.testing.assert_allclose(np.cov(z.T), covariance, atol=0.15 * np.abs(covariance).max())
    # the mean log density is the negative entropy of the prior, which a wrong shape misses
    other = np.random.default_rng(5)
    of_component = other.choice(len(parts), count, p=[weight for weight, _, _ in parts])
    drawn = np.concatenate(
        [
            other.multivariate_normal(own, own_covariance, 40 * np.sum(of_component == i))
            for i, (_, own, own_covariance) in enumerate(parts)
        ]
    )
    assert prior.log_density(z).mean() == pytest.approx(prior.log_density(drawn).mean(), abs=0.15)


@PRIORS
def test_same_seed_same_samples_and_more_begin_with_the_same(prior):
    few = prior.sample(7, seed=1)
    np.testing.assert_array_equal(prior.sample(100, seed=1)[:7], few)
    assert np.all(prior.sample(7, seed=2) != few)


def test_scaled_samples_are_those_of_the_model():
    model = small_scale_vae(2, [1.3, 0.6])
    generated = model.generate(20, seed=3)
    z = declared_prior(model, "scaled").sample(20, seed=3)
    np.testing.assert_array_equal(z, generated.z)
    written = model.decode(z, TemperatureSampler(), row_seeds(20, 3))
    np.testing.assert_array_equal(written.ids, generated.ids)


@pytest.mark.parametrize(
    ("count", "seed", "message"), [(0, 0, "at least 1, got 0"), (3, -1, "at least 0, got -1")]
)
def test_samples_that_cannot_be(count, seed, message):
    with pytest.raises(InputError, match=message):
        MIXTURE.sample(count, seed)


@pytest.mark.parametrize("generator", FITTED)
def test_a_fitted_generator_needs_finite_posteriors(generator):
    model = small_scale_vae(2, [1.3, 0.6])
    with pytest.raises(InputError, match="needs training sentences"):
        declared_prior(model, generator)
    broken = Encoded(*np.full([4, 10, 2], np.nan, np.float32))
    with pytest.raises(InputError, match="diverged"):
        declared_prior(model, generator, broken)


def test_a_mixture_without_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.mixture", None)
    with pytest.raises(InputError, match=r"pip install 'scale-vae-keras\[mixture\]'"):
        MixturePrior.fit(*TWO)


@pytest.mark.parametrize("generator", GENERATORS)
def test_a_language_model_has_nothing_to_sample(generator):
    model = LanguageModel(VOCABULARY, 5, 6)
    model.build((None, 4))
    encoded = encode_sentences(model, as_split(every_sequence(length=1)))
    prior = declared_prior(model, generator, encoded)
    assert prior.sample(3, seed=0).shape == (3, 0)
    np.testing.assert_array_equal(prior.kl(encoded.mean, encoded.log_var), np.zeros(6))
    np.testing.assert_array_equal(prior.log_density(encoded.mean), np.zeros(6))
