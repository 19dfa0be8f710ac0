"""An optimizer that has forgotten its gradients steps as a new one does."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.training.optimizer_memory import forget_gradients

GRADIENT = [tf.constant([0.1, -0.3])]


def one_step(make, trained):
    """The weights after a step, of a new optimizer or of one that has forgotten three steps."""
    weight = keras.Variable([1.0, 1.0])
    optimizer = make()
    if trained:
        for _ in range(3):
            optimizer.apply([tf.constant([5.0, 2.0])], [weight])
        weight.assign([1.0, 1.0])
        forget_gradients(optimizer, [weight])
    optimizer.apply(GRADIENT, [weight])
    return np.array(weight)


@pytest.mark.parametrize(
    "kind",
    [
        *(keras.optimizers.Adam, keras.optimizers.AdamW, keras.optimizers.Adamax),
        *(keras.optimizers.Nadam, keras.optimizers.Adagrad, keras.optimizers.Ftrl),
        *(keras.optimizers.RMSprop, keras.optimizers.Adadelta, keras.optimizers.Lion),
        *(keras.optimizers.Adafactor, keras.optimizers.SGD),
    ],
)
def test_it_steps_as_a_new_one(kind):
    np.testing.assert_array_equal(
        one_step(lambda: kind(0.1), trained=True), one_step(lambda: kind(0.1), trained=False)
    )


def test_the_learning_rate_is_kept_and_a_loss_scale_is_looked_through():
    weight = keras.Variable([1.0, 1.0])
    inner = keras.optimizers.Adagrad(0.1)
    optimizer = keras.optimizers.LossScaleOptimizer(inner)
    optimizer.build([weight])
    inner.learning_rate.assign(0.025)
    optimizer.apply(GRADIENT, [weight])
    forget_gradients(optimizer, [weight])
    assert float(inner.learning_rate) == pytest.approx(0.025)
    [accumulator] = [each for each in inner.variables if each.shape == (2,)]
    np.testing.assert_allclose(accumulator, [0.1, 0.1], rtol=1e-6)
