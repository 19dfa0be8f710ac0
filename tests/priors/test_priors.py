"""Every prior against independent computations: NumPy, and quadrature in one and two dimensions."""

import math
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from made_models import made_model
from made_priors import (
    components,
    diagonal_prior,
    full_prior,
    learned_prior,
    made,
    mixture_prior,
)

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.posterior import Posterior
from scale_vae_keras.models import ScaleVAE
from scale_vae_keras.priors import (
    ALIASES,
    PRIORS,
    DiagonalPrior,
    FullPrior,
    MixturePrior,
    ScaledPrior,
    StandardPrior,
    VampPrior,
    get_prior,
    prior_kind,
)

FEW_SAMPLES = "scale_vae_keras.priors.mixture._FEWEST_SAMPLES"
# Two posteriors of variance 1: the aggregate is a mixture of two Gaussians on a diagonal.
TWO = Posterior(np.array([[1.0, 1.0], [-1.0, -1.0]]), np.zeros([2, 2]))


def model_of(prior, latent_dim):
    factor = np.linspace(1.4, 0.6, latent_dim)
    model = made_model(ScaleVAE, random_seed=4, factor=factor, latent_dim=latent_dim, prior=prior)
    model.gaussian_posterior.kernel.assign(3 * model.gaussian_posterior.kernel)
    return model


def some_prior(kind, latent_dim):
    """A prior of each kind, in one or two dimensions."""
    if kind in ("scaled", "standard", "vamp"):
        prior = VampPrior(3, length=2) if kind == "vamp" else kind
        return model_of(prior, latent_dim).prior
    d = slice(latent_dim)
    match kind:
        case "diagonal":
            return diagonal_prior(np.array([0.5, -1.0])[d], np.array([0.7, 2.0])[d])
        case "full":
            root = np.array([[1.5, 0.0], [-0.9, 0.4]])
            return full_prior(np.array([0.5, -1.0])[d], root[d, d])
        case "mixture":
            roots = [[[1.0, 0.0], [0.8, 0.3]], [[0.5, 0.0], [0.0, 2.0]], [[1.2, 0.0], [-1.0, 0.6]]]
            means = np.array([[4.0, 1.0], [-2.0, 0.0], [0.0, -3.0]])
            return mixture_prior([0.2, 0.5, 0.3], means[:, d], np.array(roots)[:, d, d])
        case "learned-mixture":
            means = np.array([[3.0, 1.0], [-2.0, 0.0], [0.0, -2.0]])
            log_stddevs = np.array([[0.1, -0.4], [-1.0, 0.3], [0.2, 0.0]])
            return learned_prior([0.3, -0.5, 1.0], means[:, d], log_stddevs[:, d])


ALL = pytest.mark.parametrize("kind", PRIORS)
DIMENSIONS = pytest.mark.parametrize("latent_dim", [1, 2])


def numpy_density(z, parts):
    density = 0.0
    for weight, mean, root in parts:
        covariance = root @ root.T
        distance = z - mean
        squares = np.einsum("...i,ij,...j->...", distance, np.linalg.inv(covariance), distance)
        norm = (2 * math.pi) ** (len(mean) / 2) * math.sqrt(np.linalg.det(covariance))
        density = density + weight * np.exp(-0.5 * squares) / norm
    return density


def grid(latent_dim):
    """Points of a quadrature `[points, latent]`, and what each stands for."""
    axis = np.linspace(-16, 16, 6401 if latent_dim == 1 else 641)
    points = np.stack(np.meshgrid(*[axis] * latent_dim, indexing="ij"), -1)
    return points.reshape(-1, latent_dim), (axis[1] - axis[0]) ** latent_dim


@DIMENSIONS
@ALL
def test_the_density_integrates_to_one_and_is_that_of_its_gaussians(kind, latent_dim):
    prior = some_prior(kind, latent_dim)
    points, volume = grid(latent_dim)
    log_density = prior.log_density(points)
    assert log_density.dtype == tf.float64
    assert np.sum(np.exp(log_density)) * volume == pytest.approx(1, abs=1e-6)
    z = np.random.default_rng(1).normal(0, 3, (5, 4, latent_dim))
    expected = np.log(numpy_density(z, components(prior)))
    np.testing.assert_allclose(prior.log_density(z), expected, rtol=1e-9)


@DIMENSIONS
@ALL
def test_the_rate_is_the_divergence_by_quadrature(kind, latent_dim):
    """The closed form, or the mean of the estimate over z, whose density weighs the grid."""
    prior = some_prior(kind, latent_dim)
    points, volume = grid(latent_dim)
    mean, log_var = np.array([[0.8, -0.3]])[:, :latent_dim], np.array([[-0.7, 0.2]])[:, :latent_dim]
    q = numpy_density(points, [(1.0, mean[0], np.diag(np.exp(0.5 * log_var[0])))])
    at = q > 1e-25
    log_prior = np.log(numpy_density(points[at], components(prior)))
    expected = np.sum(q[at] * (np.log(q[at]) - log_prior)) * volume
    if prior.closed_form:
        assert float(prior.kl(mean, log_var)[0]) == pytest.approx(expected, rel=1e-6)
        assert float(prior.rate(mean, log_var, mean)[0]) == pytest.approx(expected, rel=1e-6)
        return
    with pytest.raises(InputError, match="no closed form"):
        prior.kl(mean, log_var)
    rates = prior.rate(*(np.broadcast_to(part, points.shape) for part in (mean, log_var)), points)
    assert np.sum(q * rates) * volume == pytest.approx(expected, rel=1e-6)


@ALL
def test_samples_have_the_moments_of_the_prior(kind):
    count = 1_500
    prior = some_prior(kind, 2)
    z = prior.sample(np.arange(count)).numpy()
    assert z.dtype == np.float32
    parts = components(prior)
    mean = sum(weight * own for weight, own, _ in parts)
    covariance = sum(
        weight * (root @ root.T + np.outer(own - mean, own - mean)) for weight, own, root in parts
    )
    error = 5 * np.sqrt(np.diag(covariance) / count)
    assert np.all(np.abs(z.mean(axis=0) - mean) < error)
    np.testing.assert_allclose(np.cov(z.T), covariance, atol=0.15 * np.abs(covariance).max())
    # the mean log density is the negative entropy of the prior, which a wrong shape misses
    points, volume = grid(2)
    density = numpy_density(points, parts)
    entropy = -np.sum(density * np.log(np.maximum(density, 1e-300))) * volume
    assert -np.mean(prior.log_density(z)) == pytest.approx(entropy, abs=0.15)


@ALL
def test_a_sample_depends_on_the_seed_of_its_row_alone(kind):
    prior = some_prior(kind, 2)
    many = prior.sample(tf.range(40, dtype=tf.int64)).numpy()
    assert len(np.unique(many[:, 0])) == 40
    np.testing.assert_array_equal(prior.sample(np.array([7, 3, 7])), many[[7, 3, 7]])
    graph = tf.function(prior.sample, input_signature=[tf.TensorSpec([None], tf.int64)])
    np.testing.assert_allclose(graph(tf.range(5, dtype=tf.int64)), many[:5], rtol=1e-6)


def test_component_and_noise_of_a_row_are_independent():
    prior = mixture_prior([0.5, 0.5], [[-9.0], [9.0]], np.ones([2, 1, 1]))
    z = prior.sample(np.arange(2_000)).numpy()[:, 0]
    right = z > 0
    assert np.mean(right) == pytest.approx(0.5, abs=0.06)
    assert np.mean(z[right]) - 9 == pytest.approx(np.mean(z[~right]) + 9, abs=0.2)


def posteriors(count):
    """Correlated means in three dimensions, and log variances."""
    random = np.random.default_rng(10)
    means = random.normal(size=(count, 3)) @ [[2.0, 1.5, 0.0], [0.0, 0.3, 0.4], [0.0, 0.0, 1.0]]
    return Posterior(means, random.normal(-0.5, 0.4, (count, 3)))


def fitted(family, posterior, **arguments):
    prior = made(family(**arguments), posterior.mean.shape[1])
    prior.fit(posterior)
    return prior


def mean_rate(prior, posterior):
    return float(np.mean(prior.kl(*posterior)))


def test_the_gaussian_fits_have_the_moments_of_the_aggregate():
    mean, log_var = posterior = posteriors(300)
    noise = np.random.default_rng(0).standard_normal((4_000, *mean.shape))
    samples = (mean + np.exp(0.5 * log_var) * noise).reshape(-1, 3)
    full, diagonal = fitted(FullPrior, posterior), fitted(DiagonalPrior, posterior)
    np.testing.assert_allclose(full.mean, mean.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(diagonal.mean, mean.mean(axis=0), rtol=1e-6)
    ((_, _, root),) = components(full)
    np.testing.assert_allclose(root @ root.T, np.cov(samples.T, ddof=0), atol=0.02)
    np.testing.assert_allclose(diagonal.stddev, samples.std(axis=0), atol=0.01)


def test_rates_of_two_posteriors():
    """The aggregate has the mean 0 and the covariance [[2, 1], [1, 2]]."""
    assert mean_rate(fitted(FullPrior, TWO), TWO) == pytest.approx(0.5 * math.log(3), rel=1e-6)
    assert mean_rate(fitted(DiagonalPrior, TWO), TWO) == pytest.approx(math.log(2), rel=1e-6)
    assert mean_rate(made(StandardPrior(), 2), TWO) == pytest.approx(1)


@pytest.mark.parametrize("family", [DiagonalPrior, FullPrior])
def test_no_gaussian_near_the_fit_has_a_smaller_rate(family):
    posterior = posteriors(200)
    prior = fitted(family, posterior)
    least = mean_rate(prior, posterior)
    assert least < mean_rate(made(StandardPrior(), 3), posterior) - 0.1
    random = np.random.default_rng(3)
    start = prior.get_weights()
    for _ in range(20):
        prior.mean.assign(start[1] + random.normal(0, 0.05, 3))
        if family is FullPrior:
            prior.cholesky.assign(start[2] + np.tril(random.normal(0, 0.05, (3, 3))))
        else:
            prior.stddev.assign(start[2] + random.normal(0, 0.05, 3))
        assert mean_rate(prior, posterior) > least


def test_the_richer_fit_has_the_smaller_rate():
    posterior = posteriors(500)
    diagonal, full = (fitted(family, posterior) for family in (DiagonalPrior, FullPrior))
    assert mean_rate(full, posterior) < mean_rate(diagonal, posterior) - 0.5


def test_rate_of_a_fitted_mixture_is_nearly_the_mutual_information(monkeypatch):
    monkeypatch.setattr(FEW_SAMPLES, 20_000)
    mixture = fitted(MixturePrior, TWO)
    # log 2 less the entropy of which posterior it was, in the direction of the means
    x = np.linspace(-12, 12, 20_001)
    density = np.exp(-0.5 * np.square(x - math.sqrt(2))) / math.sqrt(2 * math.pi)
    information = math.log(2) - np.trapezoid(density * np.log1p(np.exp(-2 * math.sqrt(2) * x)), x)
    mean, log_var = (np.repeat(part, 10_000, axis=0) for part in TWO)
    z = mean + np.random.default_rng(6).standard_normal(mean.shape)
    assert information < 0.5 * math.log(3) - 0.02
    assert np.mean(mixture.rate(mean, log_var, z)) == pytest.approx(information, abs=0.01)


def test_the_mixture_is_the_same_bit_for_bit(monkeypatch):
    monkeypatch.setattr(FEW_SAMPLES, 2_000)
    first, second = (fitted(MixturePrior, posteriors(300), components=3) for _ in range(2))
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    other = made(MixturePrior(3), 3)
    other.fit(posteriors(300), seed=1)
    assert not np.array_equal(other.means, first.means)


def test_log_density_far_from_a_mixture_is_finite():
    prior = some_prior("mixture", 2)
    z = np.array([[1e4, -1e4]])
    nearest = max(
        math.log(w) + float(full_prior(m, r).log_density(z)[0]) for w, m, r in components(prior)
    )
    assert float(prior.log_density(z)[0]) == pytest.approx(nearest)


def test_a_mixture_without_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.mixture", None)
    with pytest.raises(InputError, match=r"pip install 'scale-vae-keras\[mixture\]'"):
        fitted(MixturePrior, TWO)


@pytest.mark.parametrize(
    ("posterior", "message"),
    [
        (Posterior(np.full([3, 2], np.nan), np.zeros([3, 2])), "diverged"),
        (Posterior(np.zeros([3, 2]), np.full([3, 2], np.inf)), "diverged"),
        (Posterior(np.zeros([3, 2]), np.zeros([3, 1])), r"shapes \(3, 2\) and \(3, 1\)"),
        (Posterior(np.zeros([0, 2]), np.zeros([0, 2])), "at least one sentence"),
    ],
)
def test_posteriors_that_no_prior_is_fitted_to(posterior, message):
    prior = made(FullPrior(), 2)
    with pytest.raises(InputError, match=message):
        prior.fit(posterior)


@ALL
def test_only_some_priors_are_fitted(kind):
    prior = get_prior(kind)
    assert prior.needs_fit == (kind in ("diagonal", "full", "mixture"))
    assert prior.learned == (kind in ("learned-mixture", "vamp"))
    if not prior.needs_fit:
        with pytest.raises(InputError, match=f'"{kind}" is not fitted to posteriors'):
            prior.fit(TWO)
        prior.check_fitted()
    else:
        prior.build((None, 2))
        with pytest.raises(InputError, match=f'"{kind}" is not fitted yet'):
            prior.check_fitted()


def test_names():
    assert {prior_kind(name) for name in ALIASES} == {"diagonal", "full", "mixture"}
    for name, kind in ALIASES.items():
        assert type(get_prior(name)) is PRIORS[kind]
    prior = MixturePrior(5)
    assert get_prior(prior) is prior
    copy = get_prior(keras.saving.serialize_keras_object(prior))
    assert type(copy) is MixturePrior
    assert copy.components == 5
    with pytest.raises(InputError, match="unknown prior 'flow': choose scaled, standard"):
        get_prior("flow")
    with pytest.raises(InputError, match="a name or a Prior, got 3"):
        get_prior(3)


def test_components_of_a_prior_by_an_earlier_name():
    prior = get_prior("fitted-mixture", components=3)
    assert (type(prior), prior.components) == (MixturePrior, 3)
    with pytest.raises(InputError, match="unknown prior 'mixtur': choose scaled, standard"):
        get_prior("mixtur", components=3)
    with pytest.raises(InputError, match="only the priors mixture, learned-mixture, vamp have"):
        get_prior("fitted", components=3)


@pytest.mark.parametrize("count", [0, -2, 1.5, math.nan, "8"])
@pytest.mark.parametrize("kind", ["mixture", "learned-mixture", "vamp"])
def test_components_out_of_range(kind, count):
    expected = "at least 1" if isinstance(count, int) else "a whole number"
    with pytest.raises(InputError, match=f"components must be {expected}, got {count!r}"):
        PRIORS[kind](count)


def test_the_scaled_prior_follows_the_factor():
    model = model_of("scaled", 2)
    assert isinstance(model.prior, ScaledPrior)
    for factor in ([3.0, 0.5], [1.2, 2.0]):
        model.posterior_scale.average.assign(factor)
        np.testing.assert_allclose(model.prior.scale(), factor, rtol=1e-6)
    assert model.prior.weights == []


def test_vamp_is_the_mean_of_the_posteriors_of_its_pseudo_inputs():
    """The definition, by the model's own encoder: pseudo-inputs are embedded sentences."""
    model = model_of(VampPrior(3, length=4), 2)
    ids = np.array([[1, 4, 5, 2], [1, 7, 7, 2], [1, 8, 3, 2]], np.int32)
    model.prior.pseudo_inputs.assign(model.encoder.embedding(ids))
    mean, log_var = (part.numpy().astype(np.float64) for part in model.encode(ids))
    assert np.ptp(mean, axis=0).min() > 0.01
    z = np.random.default_rng(0).normal(size=(6, 2))
    distance = np.square(z[:, None] - mean) / np.exp(log_var) + log_var + np.log(2 * np.pi)
    expected = np.log(np.mean(np.exp(-0.5 * distance.sum(axis=2)), axis=1))
    np.testing.assert_allclose(model.prior.log_density(z), expected, rtol=1e-5)


def test_the_gradient_of_the_vamp_prior_is_that_of_finite_differences():
    """Through the encoder, to the pseudo-inputs and to the encoder's weights."""
    model = model_of(VampPrior(3, length=4), 2)
    z = np.random.default_rng(0).normal(size=(5, 2))

    def total():
        return tf.reduce_sum(model.prior.log_density(z))

    weights = [model.prior.pseudo_inputs, model.gaussian_posterior.kernel]
    with tf.GradientTape() as tape:
        value = total()
    step = 1e-2
    for weight, gradient in zip(weights, tape.gradient(value, weights), strict=True):
        start = weight.numpy()
        direction = np.random.default_rng(1).normal(size=start.shape).astype(np.float32)
        weight.assign(start + step * direction)
        above = float(total())
        weight.assign(start - step * direction)
        below = float(total())
        weight.assign(start)
        expected = np.sum(gradient.numpy() * direction)
        assert abs(expected) > 0.05
        assert (above - below) / (2 * step) == pytest.approx(expected, rel=2e-2)


def test_a_vamp_prior_without_a_model():
    with pytest.raises(InputError, match="needs the encoder of a model"):
        VampPrior().build((None, 2))
    with pytest.raises(InputError, match="length must be at least 1, got 0"):
        VampPrior(length=0)
