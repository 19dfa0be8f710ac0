import keras
import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.posterior_scale import PosteriorScale, find_posterior_scale

BATCH = np.array([[1, 2], [3, 2.5], [5, 3], [7, 3.5]], np.float32)
# sums of squared deviations 20 and 1.25, so with des_std 1 and N - 1 = 3:
FACTOR = np.array([0.3872983, 1.5491933], np.float32)


def scale(latent=2, **arguments):
    layer = PosteriorScale(**{"des_std": 1.0, "min_factor_batch": 2, **arguments})
    layer.build((None, latent))
    return layer


def means(rows=8, latent=2, seed=0, spread=1.0, offset=0.5):
    random = np.random.default_rng(seed)
    return (offset + spread * random.normal(size=(rows, latent))).astype(np.float32)


def numpy_factor(mean, des_std=1.0, ddof=1):
    return des_std / np.std(np.float64(mean), axis=0, ddof=ddof)


@pytest.mark.parametrize(
    ("ddof", "factor"), [(1, FACTOR), (0, [0.4472136, 1.7888544])], ids=["N - 1", "N"]
)
def test_factor_of_a_literal_batch(ddof, factor):
    layer = scale(ddof=ddof)
    np.testing.assert_allclose(layer(BATCH, training=True), factor * BATCH, rtol=1e-6)
    np.testing.assert_allclose(layer.record_sum, factor, rtol=1e-6)


@pytest.mark.parametrize("ddof", [0, 1])
def test_scaled_means_have_the_desired_deviation_and_are_not_centred(ddof):
    mean = means(rows=16, latent=5, spread=0.02)
    scaled = np.float64(scale(5, des_std=0.7, ddof=ddof)(mean, training=True))
    np.testing.assert_allclose(scaled.std(axis=0, ddof=ddof), 0.7, rtol=1e-5)
    np.testing.assert_allclose(
        scaled.mean(axis=0), numpy_factor(mean, 0.7, ddof) * mean.mean(axis=0), rtol=1e-4
    )


@pytest.mark.parametrize(("offset", "spread"), [(1000.0, 1.0), (0.0, 1e-3), (4e-3, 1e-3)])
def test_factor_is_exact_far_from_zero_and_for_tiny_deviations(offset, spread):
    mean = means(rows=32, offset=offset, spread=spread)
    layer = scale()
    layer(mean, training=True)
    np.testing.assert_allclose(layer.record_sum, numpy_factor(mean), rtol=1e-5)


def test_outside_training_the_batch_does_not_matter():
    layer = scale()
    layer.average.assign([2.0, 0.5])
    layer.has_average.assign(1.0)
    np.testing.assert_array_equal(layer(BATCH), BATCH * [2.0, 0.5])
    np.testing.assert_array_equal(layer(BATCH[:1]), BATCH[:1] * [2.0, 0.5])
    assert float(layer.record_count) == 0


def test_factor_is_one_then_the_running_average_then_the_epoch_average():
    layer = scale()
    np.testing.assert_array_equal(layer.factor(), [1, 1])
    layer(BATCH, training=True)
    layer(2 * BATCH, training=True)
    np.testing.assert_allclose(layer.factor(), 0.75 * FACTOR, rtol=1e-6)
    layer.close_record()
    layer.open_record()
    layer(5 * BATCH, training=True)
    np.testing.assert_allclose(layer.factor(), 0.75 * FACTOR, rtol=1e-6)


def epoch(layer, batches):
    layer.open_record()
    for batch in batches:
        layer(batch, training=True)
    layer.close_record()
    return np.array(layer.average)


FIVE = [means(seed=seed, spread=spread) for seed, spread in enumerate((1, 2, 0.3, 0.05, 4))]


def test_arithmetic_average():
    expected = np.mean([numpy_factor(batch) for batch in FIVE], axis=0)
    np.testing.assert_allclose(epoch(scale(), FIVE), expected, rtol=1e-5)


@pytest.mark.parametrize("ddof", [0, 1])
def test_pooled_average(ddof):
    variances = [np.var(np.float64(batch), axis=0, ddof=ddof) for batch in FIVE]
    expected = 0.7 / np.sqrt(np.mean(variances, axis=0))
    layer = scale(des_std=0.7, average="pooled", ddof=ddof)
    np.testing.assert_allclose(epoch(layer, FIVE), expected, rtol=1e-5)


@pytest.mark.parametrize("count", [1, 2, 4, 5])
def test_median_of_odd_and_even_numbers_of_batches(count):
    expected = np.median([numpy_factor(batch) for batch in FIVE[:count]], axis=0)
    np.testing.assert_allclose(epoch(scale(average="median"), FIVE[:count]), expected, rtol=1e-5)


@pytest.mark.parametrize("record_size", [1, 2, 3, 5])
def test_median_looks_back_on_the_last_batches_only(record_size):
    expected = np.median([numpy_factor(batch) for batch in FIVE[-record_size:]], axis=0)
    layer = scale(average="median", record_size=record_size)
    np.testing.assert_allclose(epoch(layer, FIVE), expected, rtol=1e-5)


@pytest.mark.parametrize("average", ["arithmetic", "pooled", "median"])
def test_an_epoch_forgets_the_one_before(average):
    layer = scale(average=average, record_size=3)
    epoch(layer, FIVE)
    np.testing.assert_allclose(epoch(layer, [BATCH]), FACTOR, rtol=1e-6)


def test_an_epoch_without_a_usable_batch_keeps_the_average():
    layer = scale(min_factor_batch=4)
    epoch(layer, [BATCH])
    np.testing.assert_allclose(epoch(layer, [BATCH[:3]]), FACTOR, rtol=1e-6)


def test_training_uses_the_average_that_is_in_effect_and_goes_on_recording():
    layer = scale()
    epoch(layer, [BATCH])
    layer.put_in_effect(True)
    layer.open_record()
    np.testing.assert_allclose(layer(3 * BATCH, training=True), 3 * FACTOR * BATCH, rtol=1e-6)
    np.testing.assert_allclose(layer.record_sum, FACTOR / 3, rtol=1e-6)
    layer.put_in_effect(False)
    np.testing.assert_allclose(layer(3 * BATCH, training=True), FACTOR * BATCH, rtol=1e-6)


def test_a_factor_that_is_not_finite_is_neither_used_nor_recorded():
    layer = scale(min_factor_batch=2, max_factor=1e30)
    flat = np.array([[1.0, 0.0], [1.0, 1.0]], np.float32)
    np.testing.assert_array_equal(layer(flat, training=True), flat)
    assert (float(layer.record_count), float(layer.unrecorded)) == (0, 1)
    np.testing.assert_array_equal(layer.record_sum, [0, 0])


def test_nothing_to_put_in_effect():
    layer = scale()
    layer.put_in_effect(False)
    with pytest.raises(InputError, match="no epoch average"):
        layer.put_in_effect(True)


@pytest.mark.parametrize("rows", [1, 2, 3])
@pytest.mark.parametrize("ddof", [0, 1])
def test_a_tail_batch_is_scaled_but_not_recorded(rows, ddof):
    layer = scale(min_factor_batch=4, ddof=ddof)
    tail = BATCH[:rows]
    np.testing.assert_array_equal(layer(tail, training=True), tail)
    layer(BATCH, training=True)
    factor = np.array(layer.record_sum)
    np.testing.assert_allclose(layer(tail, training=True), factor * tail, rtol=1e-6)
    layer.close_record()
    layer.open_record()
    layer(2 * BATCH, training=True)
    np.testing.assert_allclose(layer(tail, training=True), factor * tail, rtol=1e-6)
    assert (float(layer.record_count), float(layer.unrecorded)) == (1, 1)
    np.testing.assert_allclose(layer.record_sum, factor / 2, rtol=1e-6)


def test_a_dead_dimension_reaches_the_cap_and_is_counted():
    layer = scale(3, max_factor=100.0)
    mean = np.concatenate([BATCH, np.full((4, 1), 0.25)], axis=1).astype(np.float32)
    np.testing.assert_allclose(layer(mean, training=True)[:, 2], 25.0, rtol=1e-5)
    layer(mean / 1e6, training=True)
    np.testing.assert_allclose(layer.record_sum, [*(100 + FACTOR), 200], rtol=1e-5)
    assert float(layer.capped) == 4
    layer.open_record()
    assert float(layer.capped) == 0


def test_pooled_average_of_a_dead_dimension_is_the_cap():
    average = epoch(scale(average="pooled", max_factor=100.0), [np.ones((4, 2), np.float32)])
    np.testing.assert_allclose(average, [100, 100], rtol=1e-5)


@pytest.mark.parametrize("poison", [np.nan, np.inf, 1e30])
@pytest.mark.parametrize("average", ["arithmetic", "pooled", "median"])
def test_a_poisoned_row_is_not_recorded(poison, average):
    layer = scale(average=average)
    layer(BATCH, training=True)
    poisoned = BATCH.copy()
    poisoned[2, 1] = poison
    scaled = np.array(layer(poisoned, training=True))
    np.testing.assert_allclose(scaled[:2], FACTOR * BATCH[:2], rtol=1e-6)
    assert float(layer.unrecorded) == 1
    layer.close_record()
    np.testing.assert_allclose(layer.average, FACTOR, rtol=1e-6)
    assert all(np.isfinite(weight).all() for weight in layer.get_weights())


WEIGHTS = np.random.default_rng(5).normal(size=(6, 3))


def gradient(layer, mean):
    """Gradient of sum(w * sin(scaled)), and of that sum with respect to the scaled means."""
    mean = tf.constant(mean)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(mean)
        scaled = layer(mean, training=True)
        loss = tf.reduce_sum(tf.constant(WEIGHTS, tf.float32) * tf.sin(scaled))
    return np.array(tape.gradient(loss, mean)), np.array(tape.gradient(loss, scaled))


@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("offset", [0.0, 1.5])
def test_gradient_through_the_batch_factor_against_finite_differences(ddof, offset):
    mean = means(6, 3, offset=offset)

    def loss(mean):
        return np.sum(WEIGHTS * np.sin(numpy_factor(mean, 0.7, ddof) * mean))

    expected = np.zeros_like(WEIGHTS)
    for place in np.ndindex(*mean.shape):
        step = np.zeros(mean.shape)
        step[place] = 1e-5
        expected[place] = (loss(mean + step) - loss(mean - step)) / 2e-5
    actual, _ = gradient(scale(3, des_std=0.7, ddof=ddof), mean)
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=2e-6)


@pytest.mark.parametrize("ddof", [0, 1])
def test_gradient_through_the_batch_factor_in_closed_form(ddof):
    mean = means(6, 3)
    actual, g = gradient(scale(3, des_std=0.7, ddof=ddof), mean)
    centred, variance = mean - mean.mean(axis=0), np.var(mean, axis=0, ddof=ddof)
    force = centred / ((6 - ddof) * variance) * np.sum(g * mean, axis=0)
    np.testing.assert_allclose(
        actual, numpy_factor(mean, 0.7, ddof) * (g - force), rtol=1e-4, atol=2e-6
    )


def test_with_the_gradient_the_loss_exerts_no_force_on_the_scale():
    mean = means(6, 3)
    through, _ = gradient(scale(3), mean)
    stopped, _ = gradient(scale(3, through_batch_factor=False), mean)
    np.testing.assert_allclose(np.sum(mean * through, axis=0), 0, atol=2e-6)
    assert np.abs(np.sum(mean * stopped, axis=0)).min() > 0.05


def test_gradient_without_the_batch_factor():
    mean = means(6, 3)
    actual, g = gradient(scale(3, through_batch_factor=False), mean)
    np.testing.assert_allclose(actual, numpy_factor(mean) * g, rtol=1e-5)


def test_gradient_in_effect_is_that_of_a_constant_factor():
    layer = scale(3)
    layer.average.assign([2.0, 3.0, 0.5])
    layer.has_average.assign(1.0)
    layer.put_in_effect(True)
    actual, g = gradient(layer, means(6, 3))
    np.testing.assert_allclose(actual, g * [2.0, 3.0, 0.5], rtol=1e-6)


def test_gradients_of_a_dead_dimension_and_of_a_tail_batch_are_finite():
    mean = means(6, 3)
    mean[:, 1] = 0.25
    dead, g = gradient(scale(3, max_factor=100.0), mean)
    np.testing.assert_allclose(dead[:, 1], 100 * g[:, 1], rtol=1e-5)
    assert np.isfinite(dead).all()
    tail, g = gradient(scale(3, min_factor_batch=16), mean)
    np.testing.assert_array_equal(tail, g)


def test_state_is_float32_and_not_trainable_under_every_policy():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        layer = scale(average="median", record_size=4)
        scaled = layer(BATCH * 1e-3, training=True)
    finally:
        keras.config.set_dtype_policy(before)
    np.testing.assert_allclose(scaled, FACTOR * BATCH, rtol=1e-5)
    assert scaled.dtype == tf.float32
    assert layer.trainable_weights == []
    assert {weight.dtype for weight in layer.weights} == {"float32"}


def test_config_round_trip():
    arguments = {
        "des_std": 1.1,
        "ddof": 0,
        "average": "median",
        "through_batch_factor": False,
        "min_factor_batch": 5,
        "max_factor": 50.0,
        "record_size": 7,
    }
    config = PosteriorScale(**arguments).get_config()
    assert {name: config[name] for name in arguments} == arguments
    assert PosteriorScale.from_config(config).get_config() == config


@pytest.mark.parametrize(
    "arguments",
    [
        {"des_std": 0.0},
        {"des_std": -1.0},
        {"des_std": float("inf")},
        {"des_std": float("nan")},
        {"ddof": 2},
        {"average": "mean"},
        {"min_factor_batch": 1},
        {"max_factor": 0.0},
        {"max_factor": float("nan")},
        {"max_factor": float("inf")},
        {"record_size": 0},
    ],
    ids=str,
)
def test_arguments_out_of_range(arguments):
    with pytest.raises(InputError, match=next(iter(arguments))):
        PosteriorScale(**arguments)


@pytest.mark.parametrize("hold", [lambda x: x, lambda x: [x], lambda x: {"of": x}])
def test_the_layer_of_a_model_is_found_however_deep_it_lies(hold):
    class Wrapped(keras.layers.Layer):
        def __init__(self, part):
            super().__init__()
            self.parts = part

        def build(self, shape):
            self.built = True

        def call(self, mean):
            return mean

    scale = PosteriorScale()
    model = keras.Sequential([keras.Input([2]), Wrapped(hold(Wrapped(hold(scale))))])
    assert find_posterior_scale(model) is scale
