"""Exact draws from known distributions."""

import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.samplers import TemperatureSampler, TopKSampler, TopPSampler
from scale_vae_keras.samplers.temperature_sampler import inverse_cdf

LARGEST = np.nextafter(np.float32(1), np.float32(0))
# probabilities 1/8, 1/2, 1/8, 1/4
LOGITS = np.log([[0.125, 0.5, 0.125, 0.25]]).astype(np.float32)


def draw(sampler, uniforms, logits=LOGITS):
    uniforms = np.array(uniforms, np.float32)
    return np.array(sampler.next_token(tf.repeat(logits, len(uniforms), axis=0), uniforms))


def weights_of(rows, *weights):
    return tf.repeat(tf.constant([weights], tf.float32), rows, axis=0)


def test_literal_draws():
    uniforms = tf.constant([0.0, 0.24, 0.25, 0.74, 0.75, LARGEST])
    index = inverse_cdf(weights_of(6, 1, 2, 1), uniforms)
    assert index.dtype == tf.int32
    np.testing.assert_array_equal(index, [0, 0, 1, 1, 2, 2])


def test_rows_have_their_own_weights():
    index = inverse_cdf(tf.constant([[1.0, 3.0], [3.0, 1.0]]), tf.constant([0.5, 0.5]))
    np.testing.assert_array_equal(index, [1, 0])


@pytest.mark.parametrize("scale", [1.0, 1e-6, 3.3, 1e30])
def test_a_weight_of_zero_is_never_drawn(scale):
    weights = np.array([0, 0, 1, 0, 0.3, 0, 0, 1e-3, 0, 0]) * scale
    uniforms = np.concatenate([[0.0, LARGEST], np.linspace(0, LARGEST, 999)]).astype(np.float32)
    index = inverse_cdf(weights_of(len(uniforms), *weights), tf.constant(uniforms))
    assert set(np.unique(index)) <= {2, 4, 7}
    assert np.array(index)[0] == 2
    assert np.array(index)[1] == 7


def test_many_random_weights_never_draw_a_zero():
    random = np.random.default_rng(0)
    weights = random.random((400, 300)).astype(np.float32) * (random.random((400, 300)) < 0.1)
    weights[:, 0] = np.maximum(weights[:, 0], 1e-7)
    for uniform in (0.0, LARGEST, 1 - 2.0**-23):
        index = np.array(inverse_cdf(tf.constant(weights), tf.fill([400], np.float32(uniform))))
        assert (weights[np.arange(400), index] > 0).all()


@pytest.mark.parametrize("choices", [1, 63, 64, 65, 1000])
def test_draws_follow_the_cumulative_sum(choices):
    """Against float64 sums over all choices; a tenth of the weights are zero."""
    random = np.random.default_rng(choices)
    weights = random.exponential(1, (300, choices)) * (random.random((300, choices)) > 0.1)
    weights[:, -1] = 0.5
    weights = weights.astype(np.float32)
    uniforms = random.random(300).astype(np.float32)
    index = np.array(inverse_cdf(tf.constant(weights), tf.constant(uniforms)))
    cumulative = (
        np.cumsum(np.float64(weights), axis=1) / np.sum(np.float64(weights), axis=1)[:, None]
    )
    rows = np.arange(300)
    below = np.where(index > 0, cumulative[rows, index - 1], 0.0)
    assert (below - 1e-6 <= uniforms).all()
    assert (uniforms <= cumulative[rows, index] + 1e-6).all()
    assert (weights[rows, index] > 0).all()


def test_temperature_one():
    np.testing.assert_array_equal(
        draw(TemperatureSampler(), [0, 0.124, 0.126, 0.624, 0.626, 0.749, 0.751, LARGEST]),
        [0, 0, 1, 1, 2, 2, 3, 3],
    )


def test_temperature_half_squares_the_probabilities():
    # 1/64, 16/64, 1/64, 4/64, over their sum 22/64
    np.testing.assert_array_equal(
        draw(TemperatureSampler(0.5), np.array([0.9, 1.1, 16.9, 17.1, 17.9, 18.1]) / 22),
        [0, 1, 1, 2, 2, 3],
    )


def test_top_k_renormalises_the_best():
    # token 1 with 2/3 and token 3 with 1/3
    uniforms = np.linspace(0, LARGEST, 1000)
    tokens = draw(TopKSampler(2), uniforms)
    assert set(tokens) == {1, 3}
    assert abs(np.mean(tokens == 1) - 2 / 3) < 2e-3


@pytest.mark.parametrize(
    ("p", "kept"),
    [
        *((1e-40, {1}), (0.01, {1}), (0.49, {1})),
        *((0.51, {1, 3}), (0.74, {1, 3}), (1.0, {0, 1, 2, 3})),
    ],
)
def test_top_p_keeps_the_fewest_that_reach_p(p, kept):
    tokens = draw(TopPSampler(p), np.linspace(0, LARGEST, 2**16))
    assert set(tokens) == kept
    weights = np.array([0.125, 0.5, 0.125, 0.25]) * [token in kept for token in range(4)]
    share = np.bincount(tokens, minlength=4) / 2**16
    np.testing.assert_allclose(share, weights / weights.sum(), atol=3e-3)


@pytest.mark.parametrize(("p", "spread"), [(0.05, 0.5), (0.5, 2), (0.9, 2)])
def test_top_p_against_sorted_probabilities(p, spread):
    """Pearson's statistic of 100,000 draws, within five of its standard deviations."""
    random = np.random.default_rng(3)
    logits = random.normal(0, spread, (1, 300)).astype(np.float32)
    tokens = draw(TopPSampler(p), random.random(100_000, np.float32), logits)
    probability = np.exp(np.float64(logits[0]))
    probability /= probability.sum()
    order = np.argsort(-probability)
    before = np.cumsum(probability[order]) - probability[order]
    kept = order[before < p]
    assert set(tokens) <= set(kept)
    expected = 100_000 * probability[kept] / probability[kept].sum()
    seen = np.bincount(tokens, minlength=300)[kept]
    freedom = len(kept) - 1
    assert np.sum((seen - expected) ** 2 / expected) < freedom + 5 * np.sqrt(2 * freedom)


def test_of_equal_tokens_top_p_keeps_the_first():
    tokens = draw(TopPSampler(0.3), np.linspace(0, LARGEST, 1000), np.zeros((1, 8), np.float32))
    assert set(tokens) == {0, 1, 2}


def test_top_p_of_one_draws_as_temperature_does():
    random = np.random.default_rng(4)
    uniforms, logits = random.random(2000), random.normal(0, 3, (1, 300)).astype(np.float32)
    expected = draw(TemperatureSampler(0.7), uniforms, logits)
    np.testing.assert_array_equal(draw(TopPSampler(1.0, 0.7), uniforms, logits), expected)


def test_top_p_of_a_row_does_not_depend_on_the_others():
    random = np.random.default_rng(5)
    logits = random.normal(0, 1, (50, 200)).astype(np.float32)
    uniforms = random.random(50, np.float32)
    together = TopPSampler(0.4).next_token(logits, uniforms)
    alone = [TopPSampler(0.4).next_token(logits[[k]], uniforms[[k]])[0] for k in range(50)]
    np.testing.assert_array_equal(together, alone)


def test_top_p_applies_the_temperature_first():
    # squared, token 1 has 16/22 of the probability
    assert set(draw(TopPSampler(0.7, 0.5), np.linspace(0, LARGEST, 101))) == {1}


@pytest.mark.parametrize("sampler", [TopKSampler(9), TopKSampler(99), TopPSampler(1.0)], ids=str)
def test_without_a_restriction_all_draw_from_the_same_distribution(sampler):
    uniforms = (np.arange(4000) + 0.5) / 4000
    logits = np.random.default_rng(1).normal(0, 2, (1, 9)).astype(np.float32)
    expected = np.bincount(draw(TemperatureSampler(), uniforms, logits), minlength=9)
    actual = np.bincount(draw(sampler, uniforms, logits), minlength=9)
    np.testing.assert_allclose(actual, expected, atol=2)
    weights = np.exp(np.float64(logits[0]))
    np.testing.assert_allclose(expected, 4000 * weights / weights.sum(), atol=2)
