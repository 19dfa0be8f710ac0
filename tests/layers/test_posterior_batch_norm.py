import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.posterior_batch_norm import PosteriorBatchNorm

MEAN = np.array([[1.0, 4.0], [3.0, 4.0], [5.0, 10.0]], np.float32)


def layer(**arguments):
    made = PosteriorBatchNorm(**{"gamma": 0.5, **arguments})
    made.build((None, 2))
    return made


def test_training_normalises_by_the_batch():
    made = layer()
    made.beta.assign([1.0, -1.0])
    # means 3 and 6, variances 8/3 and 8
    expected = np.stack([[-1.2247449, 0, 1.2247449], [-0.70710678, -0.70710678, 1.41421356]], 1)
    np.testing.assert_allclose(made(MEAN, training=True), 0.5 * expected + [1, -1], rtol=1e-4)


@pytest.mark.parametrize("gamma", [1, np.float64(1)], ids=["int", "float64"])
def test_gamma_of_any_type_of_number(gamma):
    spread = np.std(layer(gamma=gamma)(MEAN, training=True), axis=0)
    np.testing.assert_allclose(spread, [1, 1], rtol=1e-4)


def test_means_that_vary_less_than_epsilon_lose_the_spread():
    # standard deviations 1.63e-4 and 2.83e-4, variances 2.7e-8 and 8e-8
    faint = 1e-4 * MEAN
    published = np.std(layer()(faint, training=True), axis=0)
    variance = faint.var(axis=0)
    np.testing.assert_allclose(published, 0.5 * np.sqrt(variance / (variance + 1e-5)), rtol=1e-3)
    assert (published < 0.05).all()
    kept = layer(epsilon=1e-12)
    np.testing.assert_allclose(np.std(kept(faint, training=True), axis=0), 0.5, rtol=1e-3)
    again = PosteriorBatchNorm.from_config(kept.get_config())
    assert again.epsilon == 1e-12


@pytest.mark.parametrize("epsilon", [0.0, -1e-5, float("nan"), float("inf")])
def test_epsilon_out_of_range(epsilon):
    with pytest.raises(InputError, match="epsilon must be positive"):
        layer(epsilon=epsilon)


def test_running_statistics_are_used_outside_training():
    made = layer()
    made(MEAN, training=True)
    np.testing.assert_allclose(made.running_mean, [0.3, 0.6], rtol=1e-6)
    np.testing.assert_allclose(made.running_variance, [0.9 + 0.4, 0.9 + 1.2], rtol=1e-6)
    expected = 0.5 * (MEAN - [0.3, 0.6]) / np.sqrt([1.3, 2.1])
    np.testing.assert_allclose(made(MEAN), expected, rtol=1e-4)
    np.testing.assert_allclose(made(MEAN[:1]), expected[:1], rtol=1e-4)


@pytest.mark.parametrize(
    "batch", [MEAN, np.array([[np.nan, 1.0]] * 4, np.float32)], ids=["small", "nan"]
)
def test_a_batch_without_statistics_uses_the_running_ones_and_leaves_them(batch):
    made = layer(min_batch=4)
    made.running_mean.assign([1.0, 2.0])
    made.running_variance.assign([4.0, 9.0])
    expected = 0.5 * (batch - [1, 2]) / [2, 3]
    np.testing.assert_allclose(made(batch, training=True), expected, rtol=1e-4)
    np.testing.assert_array_equal(made.running_mean, [1, 2])
    np.testing.assert_array_equal(made.running_variance, [4, 9])


def test_a_learnt_scale_keeps_its_root_mean_square():
    made = layer(learn_scale=True)
    made.scale.assign([3.0, 1.0])
    np.testing.assert_allclose(made.stddev(), 0.5 * np.array([3, 1]) / np.sqrt(5), rtol=1e-6)
    spread = np.std(made(MEAN, training=True), axis=0)
    np.testing.assert_allclose(spread, made.stddev(), rtol=1e-4)


def test_a_learnt_scale_is_projected_outside_its_gradient():
    """A step at rate 1 from 0.5 against (0.364, 1.169, -0.226), and the projection before the next.

    With the projection inside, gamma would move a quarter as far.
    """
    made = PosteriorBatchNorm(0.5, learn_scale=True)
    made.build((None, 3))
    means = np.array([[-1.0, -1.0, -1.0], [1.0, 1.0, 1.0]], np.float32)
    normalised = np.sqrt(1 / (1 + 1e-5))
    with tf.GradientTape() as tape:
        out = made(means, training=True)
        loss = tf.reduce_sum(out[1] * [0.364, 1.169, -0.226]) / normalised
    gradient = tape.gradient(loss, made.scale.value)
    made.scale.assign_sub(gradient)
    np.testing.assert_allclose(made.scale, [0.136, -0.669, 0.726], atol=1e-5)
    expected = [0.118186, -0.581371, 0.630904]
    np.testing.assert_allclose(made.stddev(), expected, atol=1e-4)
    made(means)
    np.testing.assert_allclose(made.scale, [0.136, -0.669, 0.726], atol=1e-5)
    made(means, training=True)
    np.testing.assert_allclose(made.scale, expected, atol=1e-4)


def test_the_scale_of_the_means_has_no_gradient():
    made, mean = layer(), tf.constant(MEAN)
    with tf.GradientTape() as tape:
        tape.watch(mean)
        loss = tf.reduce_sum(made(mean, training=True) * [[1.0, 2.0], [-3.0, 0.5], [0.3, 1.0]])
    gradient = np.array(tape.gradient(loss, mean))
    assert np.abs(gradient).max() > 0.1
    np.testing.assert_allclose((gradient * (MEAN - MEAN.mean(axis=0))).sum(axis=0), 0, atol=1e-4)


@pytest.mark.parametrize(
    "arguments", [{"gamma": 0.0}, {"gamma": np.inf}, {"min_batch": 1}], ids=str
)
def test_arguments_out_of_range(arguments):
    with pytest.raises(InputError, match=next(iter(arguments))):
        layer(**arguments)
