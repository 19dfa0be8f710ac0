import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.training.gradients import apply_clipped, dense_gradients

START = [np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], np.float32), np.array([1.0], np.float32)]
# norm sqrt(1 + 4 + 4 + 16) = 5
GRADIENTS = [
    np.array([[1.0, 2.0], [0.0, 0.0], [2.0, 0.0]], np.float32),
    np.array([4.0], np.float32),
]


def variables():
    return [keras.Variable(start, name=f"weight_{i}") for i, start in enumerate(START)]


def apply(optimizer, weights, gradients=GRADIENTS, loss=3.0):
    optimizer.build(weights)
    gradients = [tf.constant(gradient) for gradient in gradients]
    return apply_clipped(optimizer, gradients, weights, tf.constant(loss))


def test_gradients_of_repeated_rows_are_summed():
    table, other, unused = (keras.Variable(v) for v in (START[0], START[1], START[1]))
    rows, scale = [2, 0, 2, 2], tf.constant([[1.0], [10.0], [2.0], [4.0]])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.gather(table.value, rows) * scale) * tf.reduce_sum(other.value)
    gradients = dense_gradients(tape, loss, [table, other, unused])
    expected = [[[10, 10], [0, 0], [7, 7]], [7 * 11 + 10 * 3], [0]]
    assert [type(gradient) for gradient in gradients] == [type(tf.constant(0))] * 3
    for actual, wanted in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(actual, wanted)


@pytest.mark.parametrize("clip", [None, 2.0, 5.0, 8.0])
def test_global_norm_clipping(clip):
    weights = variables()
    norm, finite = apply(keras.optimizers.SGD(0.1, global_clipnorm=clip), weights)
    np.testing.assert_allclose(norm, 5.0, rtol=1e-6)
    assert bool(finite)
    shrink = 0.4 if clip == 2.0 else 1.0
    for weight, start, gradient in zip(weights, START, GRADIENTS, strict=True):
        np.testing.assert_allclose(weight, start - 0.1 * shrink * gradient, rtol=1e-6)


@pytest.mark.parametrize(
    "limits", [{"global_clipnorm": 2.0}, {"clipnorm": 2.0}, {"clipvalue": 2.0}]
)
@pytest.mark.parametrize("steps", [None, 2])
def test_what_is_clipped_is_not_clipped_again_by_the_optimizer(limits, steps):
    """But for gradients that are accumulated, which only the optimizer can clip."""
    given = []

    class Recorded(keras.optimizers.SGD):
        def _clip_gradients(self, gradients):
            given.append({name: getattr(self, name) for name in limits})
            return super()._clip_gradients(gradients)

    optimizer = Recorded(0.1, **limits, gradient_accumulation_steps=steps)
    weights = variables()
    for _ in range(steps or 1):
        apply(optimizer, weights)
    assert given == [limits if steps else dict.fromkeys(limits)]
    assert {name: getattr(optimizer, name) for name in limits} == limits


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize(
    ("clip", "expected"),
    [
        # the gradients of the two weights have norms 3 and 4
        ({"clipnorm": 1.5}, [0.5 * GRADIENTS[0], 0.375 * GRADIENTS[1]]),
        ({"clipvalue": 1.5}, [np.minimum(GRADIENTS[0], 1.5), np.minimum(GRADIENTS[1], 1.5)]),
    ],
)
def test_clipping_of_each_weight_and_of_each_entry(clip, expected, scaled):
    weights = variables()
    optimizer = keras.optimizers.SGD(0.1, **clip)
    scale = 64.0 if scaled else 1.0
    if scaled:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=scale)
    norm, _ = apply(optimizer, weights, [scale * gradient for gradient in GRADIENTS])
    np.testing.assert_allclose(norm, 5.0, rtol=1e-6)
    for weight, start, gradient in zip(weights, START, expected, strict=True):
        np.testing.assert_allclose(weight, start - 0.1 * gradient, rtol=1e-6)


@pytest.mark.parametrize("scaled", [False, True])
def test_the_accumulated_gradient_is_clipped_and_not_its_parts(scaled):
    """Gradients of norm 5 and 20 that point the same way: a mean of norm 12.5, clipped to 10."""
    weights = variables()
    optimizer = keras.optimizers.SGD(0.1, global_clipnorm=10.0, gradient_accumulation_steps=2)
    scale = 64.0 if scaled else 1.0
    if scaled:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=scale)
    for factor in (1, 4):
        apply(optimizer, weights, [factor * scale * gradient for gradient in GRADIENTS])
    for weight, start, gradient in zip(weights, START, GRADIENTS, strict=True):
        np.testing.assert_allclose(weight, start - 0.1 * 2 * gradient, rtol=1e-6)


def test_gradients_are_not_accumulated_on_several_replicas(monkeypatch):
    two = types.SimpleNamespace(num_replicas_in_sync=2)
    optimizer = keras.optimizers.SGD(0.1, gradient_accumulation_steps=2)
    weights = variables()
    optimizer.build(weights)
    monkeypatch.setattr(tf.distribute, "get_strategy", lambda: two)
    with pytest.raises(InputError, match="needs a single replica"):
        apply_clipped(optimizer, [tf.constant(g) for g in GRADIENTS], weights, tf.constant(1.0))


@pytest.mark.parametrize("poison", [np.nan, np.inf])
@pytest.mark.parametrize("clip", [None, 2.0])
@pytest.mark.parametrize("kind", ["SGD", "momentum", "AdamW"])
def test_a_gradient_that_is_not_finite_changes_no_weight(poison, clip, kind):
    optimizer = {
        "SGD": lambda: keras.optimizers.SGD(0.1, global_clipnorm=clip),
        "momentum": lambda: keras.optimizers.SGD(0.1, momentum=0.9, global_clipnorm=clip),
        "AdamW": lambda: keras.optimizers.AdamW(0.1, global_clipnorm=clip),
    }[kind]()
    weights = variables()
    apply(optimizer, weights)
    before = [np.array(weight) for weight in weights]
    poisoned = [GRADIENTS[0].copy(), GRADIENTS[1]]
    poisoned[0][1, 1] = poison
    _, finite = apply(optimizer, weights, poisoned)
    assert not bool(finite)
    for weight, value in zip(weights, before, strict=True):
        np.testing.assert_array_equal(weight, value)


@pytest.mark.parametrize("loss", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("clip", [None, 2.0])
@pytest.mark.parametrize("scaled", [False, True])
def test_a_loss_that_is_not_finite_changes_no_weight(loss, clip, scaled):
    weights = variables()
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9, global_clipnorm=clip)
    if scaled:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=64.0)
    norm, applied = apply(optimizer, weights, loss=loss)
    assert not bool(applied)
    assert not np.isfinite(norm)
    for weight, value in zip(weights, START, strict=True):
        np.testing.assert_array_equal(weight, value)
    if scaled:
        assert float(optimizer.dynamic_scale) == 32


@pytest.mark.parametrize("clip", [None, 2.0])
def test_clipping_of_scaled_gradients(clip):
    weights = variables()
    optimizer = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(0.1, global_clipnorm=clip), initial_scale=64.0
    )
    scaled = [64 * gradient for gradient in GRADIENTS]
    norm, finite = apply(optimizer, weights, scaled)
    np.testing.assert_allclose(norm, 5.0, rtol=1e-6)
    assert bool(finite)
    for weight, start, gradient in zip(weights, START, GRADIENTS, strict=True):
        np.testing.assert_allclose(
            weight, start - 0.1 * (0.4 if clip else 1.0) * gradient, rtol=1e-6
        )


def test_an_overflow_of_scaled_gradients_halves_the_scale_and_changes_no_weight():
    weights = variables()
    optimizer = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(0.1, global_clipnorm=2.0), initial_scale=64.0
    )
    _, finite = apply(optimizer, weights, [np.full_like(GRADIENTS[0], np.inf), GRADIENTS[1]])
    assert not bool(finite)
    assert float(optimizer.dynamic_scale) == 32
    for weight, start in zip(weights, START, strict=True):
        np.testing.assert_array_equal(weight, start)


# gradients of norm 0.0777, of which the entries are 0.0466 and 0.0622 (3 : 4 : 5)
SMALL = [np.float32([0.04662]), np.float32([0.06216])]


@pytest.mark.parametrize(
    ("clip", "moves"),
    [
        ({"global_clipnorm": 0.5}, [0.04662, 0.06216]),
        ({"global_clipnorm": 0.00777}, [0.004662, 0.006216]),
        ({"clipnorm": 0.05}, [0.04662, 0.05]),
        ({"clipvalue": 0.05}, [0.04662, 0.05]),
        ({}, [0.04662, 0.06216]),
    ],
    ids=str,
)
@pytest.mark.parametrize("factor", [None, 1024.0])
def test_a_constant_scale_of_the_loss_changes_no_clipping(clip, moves, factor):
    weights = [keras.Variable([1.0], name="a"), keras.Variable([2.0], name="b")]
    optimizer = keras.optimizers.SGD(1.0, loss_scale_factor=factor, **clip)
    norm, applied = apply(optimizer, weights, [(factor or 1.0) * each for each in SMALL])
    assert bool(applied)
    np.testing.assert_allclose(norm, 0.0777, rtol=1e-5)
    for weight, start, move in zip(weights, (1.0, 2.0), moves, strict=True):
        np.testing.assert_allclose(weight, [start - move], rtol=1e-6)


@pytest.mark.parametrize("limit", [0.0, -1.0])
@pytest.mark.parametrize("kind", ["global_clipnorm", "clipnorm", "clipvalue"])
def test_a_limit_that_is_not_positive_clips_nothing_as_in_keras(kind, limit):
    ours, theirs = variables(), variables()
    apply(keras.optimizers.SGD(0.1, **{kind: limit}), ours)
    keras.optimizers.SGD(0.1, **{kind: limit}).apply([tf.constant(g) for g in GRADIENTS], theirs)
    for own, other, start, gradient in zip(ours, theirs, START, GRADIENTS, strict=True):
        np.testing.assert_array_equal(own, other)
        np.testing.assert_allclose(own, start - 0.1 * gradient, rtol=1e-6)


def test_a_step_that_is_not_due_changes_nothing():
    weights = variables()
    optimizer = keras.optimizers.AdamW(0.1)
    optimizer.build(weights)
    gradients = [tf.zeros_like(gradient) for gradient in GRADIENTS]
    _, applied = apply_clipped(
        optimizer, gradients, weights, tf.constant(0.0), due=tf.constant(False)
    )
    assert not bool(applied)
    assert int(optimizer.iterations) == 0
    for weight, start in zip(weights, START, strict=True):
        np.testing.assert_array_equal(weight, start)
