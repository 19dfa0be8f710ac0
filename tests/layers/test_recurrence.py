import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.layers.recurrence import recurrence

STEPS = 400
OPEN = 20.0


@pytest.mark.parametrize("dtype", [tf.float32, tf.bfloat16])
def test_a_long_sum_in_the_cell_keeps_small_terms(dtype):
    """An open cell adds sigmoid(i) * tanh(g) at every step, which bfloat16 would round away."""
    term = float(tf.sigmoid(0.0)) * np.tanh(float(tf.cast(0.005, dtype)))
    gates = tf.constant([[0.0, OPEN, 0.005, OPEN]], dtype)
    kernel, state = tf.zeros([1, 4], dtype), tf.zeros([1, 1], dtype)
    hidden = recurrence(tf.tile(gates[tf.newaxis], [STEPS, 1, 1]), kernel, state, state)
    assert hidden.dtype == dtype
    rtol = 1e-5 if dtype == tf.float32 else 2.0**-8
    np.testing.assert_allclose(float(hidden[-1, 0, 0]), np.tanh(STEPS * term), rtol=rtol)


def test_gradients_in_bfloat16_are_those_of_float32():
    random = np.random.default_rng(3)
    shapes = [(6, 4, 12), (3, 12), (4, 3), (4, 3)]
    values = [tf.constant(random.normal(size=shape), tf.bfloat16) for shape in shapes]
    gradients = []
    for dtype in (tf.bfloat16, tf.float32):
        inputs = [tf.cast(value, dtype) for value in values]
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            loss = tf.reduce_sum(tf.cast(recurrence(*inputs), tf.float32) ** 2)
        gradients.append(tape.gradient(loss, inputs))
    for half, whole in zip(*gradients, strict=True):
        assert half.dtype == tf.bfloat16
        atol = 0.02 * np.max(np.abs(whole))
        np.testing.assert_allclose(tf.cast(half, tf.float32), whole, rtol=0, atol=atol)
