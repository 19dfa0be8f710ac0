import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.layers.token_log_likelihood import token_log_likelihood

RANDOM = np.random.default_rng(0)
HIDDEN = RANDOM.normal(size=(5, 3))
KERNEL = RANDOM.normal(size=(3, 7))
TARGETS = np.array([4, 0, 6, 4, 4], np.int32)
UPSTREAM = RANDOM.normal(size=5)


def reference(hidden, kernel):
    logits = np.float64(hidden) @ np.float64(kernel)
    top = logits.max(axis=1, keepdims=True)
    normaliser = top[:, 0] + np.log(np.exp(logits - top).sum(axis=1))
    return logits[np.arange(len(logits)), TARGETS[: len(logits)]] - normaliser


def test_values():
    actual = token_log_likelihood(tf.constant(HIDDEN), tf.constant(KERNEL), TARGETS)
    assert actual.dtype == tf.float64
    np.testing.assert_allclose(actual, reference(HIDDEN, KERNEL), rtol=1e-12)


def test_two_equal_logits():
    actual = token_log_likelihood(tf.ones([1, 1]), tf.zeros([1, 2]), [1])
    np.testing.assert_allclose(actual, [-np.log(2)], rtol=1e-6)


def test_gradient_against_finite_differences():
    hidden, kernel = tf.constant(HIDDEN), tf.constant(KERNEL)
    with tf.GradientTape() as tape:
        tape.watch([hidden, kernel])
        loss = tf.reduce_sum(token_log_likelihood(hidden, kernel, TARGETS) * UPSTREAM)
    d_hidden, d_kernel = tape.gradient(loss, [hidden, kernel])

    def slope(place, argument):
        step = np.zeros(argument.shape)
        step[place] = 1e-6
        if argument is HIDDEN:
            ends = reference(HIDDEN + step, KERNEL), reference(HIDDEN - step, KERNEL)
        else:
            ends = reference(HIDDEN, KERNEL + step), reference(HIDDEN, KERNEL - step)
        return UPSTREAM @ (ends[0] - ends[1]) / 2e-6

    for actual, argument in ((d_hidden, HIDDEN), (d_kernel, KERNEL)):
        expected = [slope(place, argument) for place in np.ndindex(*argument.shape)]
        np.testing.assert_allclose(np.ravel(actual), expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("size", [1e3, 1e30])
def test_extreme_logits_stay_finite(size):
    hidden, kernel = tf.constant([[size]]), tf.constant([[1.0, -1.0, 0.0]])
    with tf.GradientTape() as tape:
        tape.watch([hidden, kernel])
        likely = token_log_likelihood(hidden, kernel, [0])
        unlikely = token_log_likelihood(hidden, kernel, [1])
    np.testing.assert_array_equal(likely, [0.0])
    np.testing.assert_allclose(unlikely, [-2 * size], rtol=1e-6)
    assert all(np.isfinite(g).all() for g in tape.gradient(unlikely, [hidden, kernel]))


@pytest.mark.parametrize(("dtype", "tolerance"), [("float16", 3e-3), ("bfloat16", 3e-2)])
def test_sums_are_float32_under_mixed_precision(dtype, tolerance):
    hidden, kernel = tf.cast(HIDDEN, dtype), tf.cast(KERNEL, dtype)
    with tf.GradientTape() as tape:
        tape.watch([hidden, kernel])
        actual = token_log_likelihood(hidden, kernel, TARGETS)
    assert actual.dtype == tf.float32
    assert {gradient.dtype for gradient in tape.gradient(actual, [hidden, kernel])} == {
        hidden.dtype
    }
    np.testing.assert_allclose(actual, reference(HIDDEN, KERNEL), atol=tolerance)


@pytest.mark.parametrize("vocabulary", [7, 8, 9])
@pytest.mark.parametrize("size", [1.0, 1e3])
def test_columns_that_align_the_products_of_a_gpu_change_nothing(visible_gpus, vocabulary, size):
    random = np.random.default_rng(1)
    hidden = tf.constant(size * random.normal(size=(5, 3)), tf.float32)
    kernel = tf.constant(random.normal(size=(3, vocabulary)), tf.float32)

    def result():
        with tf.GradientTape() as tape:
            tape.watch([hidden, kernel])
            likelihood = token_log_likelihood(hidden, kernel, TARGETS)
        return [likelihood, *tape.gradient(likelihood, [hidden, kernel])]

    expected = result()
    visible_gpus(1)
    for one, other in zip(result(), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_products_on_a_gpu_have_a_multiple_of_eight_columns(visible_gpus):
    def columns():
        graph = tf.function(token_log_likelihood).get_concrete_function(
            tf.zeros([5, 3], tf.bfloat16), tf.zeros([3, 7], tf.bfloat16), TARGETS
        )
        found = [each for each in graph.graph.get_operations() if each.type == "MatMul"]
        return {each.outputs[0].shape[1] for each in found}

    visible_gpus(0)
    assert columns() == {7}
    visible_gpus(1)
    assert columns() == {8}


def test_no_position():
    assert (
        token_log_likelihood(tf.zeros([0, 3]), tf.zeros([3, 7]), tf.zeros([0], tf.int32)).shape == 0
    )
