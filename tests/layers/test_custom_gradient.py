import gc
import weakref

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import ops

from scale_vae_keras.layers.custom_gradient import custom_gradient, unregistered_gradients


@custom_gradient
def doubled(x, y):
    """x * y, with a gradient that is twice the right one, so that it can be told apart."""
    return x * y, lambda upstream: (2 * upstream * y, 2 * upstream * x)


@custom_gradient
def sum_and_first(x, y):
    return (x + y, x), lambda total, first: (total + first, total)


def registered():
    return {name for name in ops.gradient_registry.list() if name.startswith("CustomGradient")}


def gradient(x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = doubled(x, tf.constant(5.0))
    return value, tape.gradient(value, x)


def test_gradient_in_a_tape_of_the_graph_of_eager_mode_and_around_a_graph():
    x = tf.constant(3.0)
    before = registered()
    for run in (gradient, tf.function(gradient)):
        value, slope = run(x)
        assert (float(value), float(slope)) == (15.0, 10.0)
    function = tf.function(lambda x: doubled(x, tf.constant(5.0)))
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = function(x)
    assert float(tape.gradient(value, x)) == 10.0
    assert registered() == before


def test_gradient_through_a_loop_is_the_custom_one():
    @tf.function
    def slope(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = tf.while_loop(
                lambda i, _: i < 3, lambda i, v: (i + 1, doubled(v, tf.constant(1.0))), (0, x)
            )[1]
        return tape.gradient(value, x)

    assert float(slope(tf.constant(3.0))) == 8.0


def test_second_derivative():
    @tf.function
    def second(x):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                value = doubled(x, x)
            slope = inner.gradient(value, x)
        return slope, outer.gradient(slope, x)

    slope, curvature = second(tf.constant(3.0))
    assert (float(slope), float(curvature)) == (12.0, 4.0)


def test_several_results():
    @tf.function
    def slopes(x, y):
        with tf.GradientTape() as tape:
            tape.watch([x, y])
            total, first = sum_and_first(x, y)
            value = 2.0 * total + 10.0 * first
        return tape.gradient(value, [x, y])

    assert np.array(slopes(tf.constant(1.0), tf.constant(1.0))).tolist() == [12.0, 2.0]


def test_a_graph_is_freed():
    function = tf.function(gradient)
    graph = function.get_concrete_function(tf.TensorSpec([])).graph
    reference = weakref.ref(graph)
    del graph, function
    gc.collect()
    assert reference() is None


def test_what_is_registered_in_the_block_is_taken_out():
    tensorflows_own = tf.custom_gradient(lambda x: (x, lambda upstream: 2 * upstream))

    @tf.function
    def slope(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = tensorflows_own(x)
        return tape.gradient(value, x)

    before = registered()
    with unregistered_gradients():
        assert float(slope(tf.constant(1.0))) == 2.0
        assert len(registered()) == len(before) + 1
    assert registered() == before


@pytest.mark.parametrize("name", ["_override_gradient_function"])
def test_private_name_of_tensorflow(name):
    assert hasattr(tf.Graph, name)


def test_private_table_of_the_registry():
    assert set(ops.gradient_registry._registry) == set(ops.gradient_registry.list())
