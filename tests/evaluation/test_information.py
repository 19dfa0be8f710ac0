import math
import statistics
import tracemalloc

import numpy as np
import pytest
from made_priors import diagonal_prior

from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.information import (
    active_units,
    aggregate_divergence,
    batch_mutual_information,
    estimate_information,
    mutual_information,
    mutual_posterior_divergence,
    mutual_posterior_divergence_bound,
)


def posteriors(count, latent=3, seed=0):
    random = np.random.default_rng(seed)
    return random.normal(0, 1.5, (count, latent)), random.normal(-0.5, 0.4, (count, latent))


def pairwise_log_density(mean, log_var, seed):
    """log q(z_i | x_j) written out, `[i, j]`."""
    noise = np.random.default_rng(seed).standard_normal(mean.shape)
    z = mean + np.exp(0.5 * log_var) * noise
    return np.array(
        [
            [
                sum(
                    -0.5 * math.log(2 * math.pi)
                    - 0.5 * log_var[j, d]
                    - 0.5 * (z[i, d] - mean[j, d]) ** 2 / math.exp(log_var[j, d])
                    for d in range(mean.shape[1])
                )
                for j in range(len(mean))
            ]
            for i in range(len(mean))
        ]
    )


def test_information_is_its_definition():
    mean, log_var = posteriors(40)
    log_q = pairwise_log_density(mean, log_var, seed=4)
    gain = np.diag(log_q) - np.log(np.exp(log_q).mean(axis=1))
    others = np.exp(log_q) * (1 - np.eye(40))
    result = estimate_information(mean, log_var, seed=4)
    assert result.estimate == pytest.approx(gain.mean(), abs=1e-5)
    assert result.standard_error == pytest.approx(gain.std(ddof=1) / math.sqrt(40), abs=1e-5)
    assert result.cap == pytest.approx(math.log(40))
    upper = np.mean(np.diag(log_q) - np.log(others.sum(axis=1) / 39))
    assert result.upper_bound == pytest.approx(upper, abs=1e-5)
    assert mutual_information(mean, log_var, seed=4) == (result.estimate, result.cap)


def test_information_from_the_samples_of_some_sentences():
    mean, log_var = posteriors(400)
    exact = [estimate_information(mean, log_var, seed) for seed in range(60)]
    fewer = [estimate_information(mean, log_var, seed, 50) for seed in range(60)]
    truth = np.mean([result.estimate for result in exact])
    estimates = [result.estimate for result in fewer]
    assert abs(np.mean(estimates) - truth) < 3 * np.std(estimates) / math.sqrt(60)
    assert np.mean([result.standard_error for result in fewer]) == pytest.approx(
        np.std(estimates), rel=0.3
    )
    assert {result.cap for result in fewer} == {math.log(400)}
    assert len(set(estimates)) == 60
    assert estimate_information(mean, log_var, 3, 400) == exact[3]
    with pytest.raises(InputError, match="at least 2"):
        estimate_information(mean, log_var, 3, 1)


def test_batch_information_is_its_definition():
    mean, log_var = posteriors(10)
    noise = np.random.default_rng(4).standard_normal(mean.shape)
    total = 0.0
    for rows in (slice(0, 4), slice(4, 8), slice(8, 10)):
        own_mean, own_log_var = mean[rows], log_var[rows]
        z = own_mean + np.exp(0.5 * own_log_var) * noise[rows]
        squares = (z[:, None] - own_mean) ** 2 / np.exp(own_log_var)
        log_q = -0.5 * np.sum(squares + own_log_var + math.log(2 * math.pi), axis=2)
        total += np.sum(np.diag(log_q) - np.log(np.exp(log_q).mean(axis=1)))
    estimate, cap = batch_mutual_information(mean, log_var, batch_size=4, seed=4)
    assert estimate == pytest.approx(total / 10, abs=1e-5)
    assert cap == pytest.approx((8 * math.log(4) + 2 * math.log(2)) / 10)


def test_blocks_change_nothing(monkeypatch):
    mean, log_var = posteriors(50)
    whole = estimate_information(mean, log_var)
    monkeypatch.setattr("scale_vae_keras.evaluation.information._BLOCK_ROWS", 7)
    np.testing.assert_allclose(estimate_information(mean, log_var), whole, rtol=1e-12)


def test_memory_does_not_grow_with_the_square_of_the_sentences(monkeypatch):
    """Blocks have so few rows that their entries are bounded, but for one row at least."""
    monkeypatch.setattr("scale_vae_keras.evaluation.information._BLOCK_ENTRIES", 10_000)
    mean = np.random.default_rng(3).normal(size=(4_000, 2))
    tracemalloc.start()
    estimate = estimate_information(mean, np.zeros_like(mean), samples=100).estimate
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000, "100 x 4,000 entries of float64 would be 3.2 million bytes"
    monkeypatch.undo()
    whole = estimate_information(mean, np.zeros_like(mean), samples=100).estimate
    assert estimate == pytest.approx(whole, rel=1e-12)


def test_separated_posteriors_reach_the_cap():
    mean = 1000.0 * np.arange(64)[:, None]
    result = estimate_information(mean, np.zeros_like(mean))
    assert result.estimate == pytest.approx(math.log(64), abs=1e-9)
    assert result.upper_bound > 1e5
    estimate, cap = batch_mutual_information(mean, np.zeros_like(mean), 32)
    assert estimate == pytest.approx(cap, abs=1e-9)
    assert cap == pytest.approx(math.log(32))


def test_identical_posteriors_hold_no_information():
    mean, log_var = np.ones((64, 2)), np.full((64, 2), -0.3)
    result = estimate_information(mean, log_var)
    assert result.estimate == pytest.approx(0, abs=1e-9)
    assert result.upper_bound == pytest.approx(0, abs=1e-9)
    assert batch_mutual_information(mean, log_var)[0] == pytest.approx(0, abs=1e-9)


def test_bounds_enclose_the_information_of_a_gaussian_channel():
    """Means N(0, 4) seen through N(0, 1): 0.5 * log 5 nats."""
    mean = np.random.default_rng(9).normal(0, 2, (4000, 1))
    result = estimate_information(mean, np.zeros_like(mean))
    truth = 0.5 * math.log(5)
    error = 3 * result.standard_error
    assert result.estimate - error < truth < result.upper_bound + error
    assert result.upper_bound - result.estimate < 0.05


def test_divergence_of_the_aggregate_is_that_of_the_mixture():
    """Three posteriors, by the trapezoidal rule, to a prior that is none of them."""
    mean, log_var = np.array([-2.0, 0.5, 3.0]), np.array([-1.0, 0.3, -2.0])
    prior = diagonal_prior(np.array([0.2]), np.array([1.7]))
    z = np.linspace(-12, 12, 20_001)
    components = np.exp(-0.5 * np.square(z[:, None] - mean) / np.exp(log_var))
    mixture = np.mean(components / np.sqrt(2 * np.pi * np.exp(log_var)), axis=1)
    log_prior = -0.5 * np.square((z - 0.2) / 1.7) - math.log(1.7 * math.sqrt(2 * math.pi))
    log_ratio = np.log(np.maximum(mixture, 1e-300)) - log_prior
    truth = np.trapezoid(mixture * log_ratio, z)
    deviation = math.sqrt(np.trapezoid(mixture * np.square(log_ratio - truth), z))
    repeats = 2_000
    posteriors = (np.tile(mean, repeats)[:, None], np.tile(log_var, repeats)[:, None])
    error = 3 * deviation / math.sqrt(3 * repeats)
    assert truth > 10 * error
    assert aggregate_divergence(*posteriors, prior) == pytest.approx(truth, abs=error)


def test_rate_is_information_and_divergence_of_the_aggregate():
    mean, log_var = posteriors(3_000)
    prior = diagonal_prior(np.array([0.5, 0.0, -0.5]), np.array([1.2, 1.0, 2.0]))
    rate = prior.kl(mean, log_var).numpy().mean()
    information = estimate_information(mean, log_var, seed=5)
    parts = information.estimate + aggregate_divergence(mean, log_var, prior, seed=5)
    assert parts == pytest.approx(rate, abs=0.1)
    assert information.estimate < rate - 0.3


def test_an_aggregate_that_is_the_prior_has_no_divergence():
    prior = diagonal_prior(np.array([1.0, -2.0]), np.array([0.5, 3.0]))
    mean = np.tile(prior.mean, (50, 1))
    log_var = np.tile(2 * np.log(prior.stddev), (50, 1))
    assert aggregate_divergence(mean, log_var, prior) == pytest.approx(0, abs=1e-9)


def test_active_units_of_random_posteriors():
    mean = np.random.default_rng(6).normal(0, 0.1, (300, 40)) * np.linspace(0.2, 2, 40)
    variances = [statistics.variance(column) for column in mean.T.tolist()]
    expected = sum(variance >= 0.01 for variance in variances)
    assert 10 < expected < 30
    assert active_units(mean) == expected


def test_active_units_of_a_model_that_has_diverged():
    assert math.isnan(active_units(np.array([[0.0, np.nan], [1.0, 0.0]])))


@pytest.mark.parametrize("mean", [np.zeros(3), np.zeros([2, 3, 2])])
def test_units_are_those_of_sentences(mean):
    with pytest.raises(InputError, match=r"means have shape .*: give \[sentences, latent\]"):
        active_units(mean)


@pytest.mark.parametrize("threshold", [math.nan, -1])
def test_the_threshold_of_a_unit_is_a_variance(threshold):
    with pytest.raises(InputError, match="threshold must be at least 0"):
        active_units(np.eye(3), threshold)


def test_active_units():
    # variances over sentences (N - 1): 2, 0.005, 0.01 + a little, 0
    mean = np.array([[1.0, 0.05, 0.0708, 3.0], [-1.0, -0.05, -0.0708, 3.0]])
    assert active_units(mean) == 2


def test_divergence_is_the_mean_over_all_pairs():
    mean, log_var = posteriors(12)
    variance = np.exp(log_var)
    pairs = 0.5 * (
        variance[:, None] / variance
        + (mean[:, None] - mean) ** 2 / variance
        - log_var[:, None]
        + log_var
        - 1
    )
    divergence = mutual_posterior_divergence(mean, log_var)
    np.testing.assert_allclose(divergence, pairs.mean(axis=(0, 1)), atol=1e-5)
    assert mutual_posterior_divergence_bound(mean, log_var) <= divergence.sum()


def test_divergence_bound_is_tight_for_one_variance():
    mean, log_var = posteriors(12)[0], np.full((12, 3), 0.7)
    divergence = mutual_posterior_divergence(mean, log_var).sum()
    assert mutual_posterior_divergence_bound(mean, log_var) == pytest.approx(divergence)


def test_divergence_of_two_literal_posteriors():
    # pairs: (0, 0, 4, 4) / 2 of N(+-1, 1)
    assert mutual_posterior_divergence(
        np.array([[1.0], [-1.0]]), np.zeros((2, 1))
    ) == pytest.approx([1.0])


@pytest.mark.parametrize(
    ("mean", "log_var", "message"),
    [
        (np.zeros((1, 2)), np.zeros((1, 2)), "at least two sentences"),
        (np.zeros((3, 2)), np.zeros((3, 1)), "give both as"),
        (np.zeros(3), np.zeros(3), "give both as"),
    ],
)
def test_bad_posteriors(mean, log_var, message):
    for function in (
        estimate_information,
        batch_mutual_information,
        mutual_posterior_divergence,
        lambda *posterior: aggregate_divergence(
            *posterior, diagonal_prior(np.zeros(2), np.ones(2))
        ),
    ):
        with pytest.raises(InputError, match=message):
            function(mean, log_var)


def test_bad_batch_size():
    with pytest.raises(InputError, match="batch_size must be at least 2, got 1"):
        batch_mutual_information(*posteriors(4), batch_size=1)
