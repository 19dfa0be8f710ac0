"""LinearKLAnnealing, BoundAnnealing, and what every schedule of a weight does."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.callbacks import BoundAnnealing, CyclicalKLAnnealing, LinearKLAnnealing
from scale_vae_keras.errors import InputError
from scale_vae_keras.models import LanguageModel, TextVAE
from scale_vae_keras.schedules.weight_schedule import WeightSchedule


class Weights(keras.callbacks.Callback):
    def __init__(self, name):
        super().__init__()
        self.name = name
        self.seen = []

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(float(getattr(self.model, self.name)))


def annealed(vae, dataset, annealing, weight="kl_weight", **arguments):
    probe = Weights(weight)
    history = vae.fit(
        dataset, callbacks=[annealing, probe], shuffle=False, verbose=0, **arguments
    ).history
    return probe.seen, history


def test_annealing_is_linear_a_step(vae, ids):
    five = tf.data.Dataset.from_tensor_slices(ids[:10]).batch(2)
    seen, history = annealed(vae, five, LinearKLAnnealing(0.1, 2), epochs=3)
    np.testing.assert_allclose(
        seen, [0.1, 0.19, 0.28, 0.37, 0.46, 0.55, 0.64, 0.73, 0.82, 0.91] + [1.0] * 5, rtol=1e-6
    )
    np.testing.assert_allclose(history["kl_weight"], [0.46, 0.91, 1.0], rtol=1e-6)


def test_annealing_goes_on_in_a_resumed_run(vae, data):
    seen, _ = annealed(vae, data, LinearKLAnnealing(0.0, 4), initial_epoch=3, epochs=5)
    np.testing.assert_allclose(seen, [0.75, 0.875, 1.0, 1.0])


def test_no_annealing(vae, data):
    seen, _ = annealed(vae, data, LinearKLAnnealing(0.5, 0))
    assert seen == [1.0, 1.0]


def test_the_training_loss_is_weighted_and_the_validation_loss_is_not(vae, data):
    vae.optimizer.learning_rate = 1e-12
    _, history = annealed(vae, data, LinearKLAnnealing(0.0, 10**6), validation_data=data)
    np.testing.assert_allclose(history["loss"], history["reconstruction"], rtol=1e-4)
    np.testing.assert_allclose(
        history["val_loss"], np.add(history["val_reconstruction"], history["val_kl"]), rtol=1e-5
    )
    assert history["val_kl"][0] > 1e-3


def test_annealing_over_data_of_unknown_length_says_what_to_do(vae, data):
    with pytest.raises(InputError, match="steps_per_epoch"):
        annealed(vae, data.filter(lambda ids: True), LinearKLAnnealing(0.0, 2), epochs=2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-0.1, 1), "start must be from 0 to 1, got -0.1"),
        ((1.1, 1), "start must be from 0 to 1, got 1.1"),
        ((math.nan, 1), "start must be from 0 to 1, got nan"),
        ((0.0, -1), "epochs must be at least 0 and finite, got -1"),
        ((0.0, math.nan), "epochs must be at least 0 and finite, got nan"),
        ((0.0, 1, -1), "after must be at least 0 and finite, got -1"),
        ((0, 1, math.nan), "after must be at least 0 and finite, got nan"),
    ],
)
def test_bad_annealing(arguments, message):
    with pytest.raises(InputError, match=f"^{message}$"):
        LinearKLAnnealing(*arguments)


@pytest.mark.parametrize(
    ("annealing", "expected"),
    [
        (BoundAnnealing(1, 2), [0, 0, 0, 0.25, 0.5, 0.75, 1, 1]),
        (BoundAnnealing(2, 0), [0, 0, 0, 0, 1, 1, 1, 1]),
        (BoundAnnealing(0, 4), [0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875]),
    ],
)
def test_the_bound_is_annealed_linearly_a_step(bounded, data, annealing, expected):
    seen, history = annealed(bounded, data, annealing, "bound_weight", epochs=4)
    np.testing.assert_allclose(seen, expected)
    np.testing.assert_allclose(history["bound_weight"], expected[1::2])


def test_annealing_of_the_bound_goes_on_in_a_resumed_run(bounded, data):
    seen, _ = annealed(
        bounded, data, BoundAnnealing(1, 2), "bound_weight", initial_epoch=2, epochs=4
    )
    np.testing.assert_allclose(seen, [0.5, 0.75, 1, 1])


def test_a_bound_that_cannot_be_annealed(vae, bounded, data):
    with pytest.raises(InputError, match=r'needs a ScaleVAE\(bound="annealed"\)'):
        annealed(vae, data, BoundAnnealing())
    with pytest.raises(InputError, match="steps_per_epoch"):
        annealed(bounded, data.filter(lambda ids: True), BoundAnnealing(), epochs=2)
    for arguments in ((-1, 2), (1, -2), (math.nan, 2), (1, math.nan)):
        with pytest.raises(InputError, match="cannot be annealed"):
            BoundAnnealing(*arguments)


class WeightEachStep(TextVAE):
    """Notes the weight inside the graph of each step."""

    def build(self, input_shape):
        super().build(input_shape)
        self.noted = self.add_weight(
            name="noted", shape=(16,), initializer="zeros", trainable=False
        )

    def train_step(self, data):
        place = tf.one_hot(tf.cast(self.optimizer.iterations, tf.int32), 16)
        self.noted.assign(self.noted + place * self.kl_weight)
        return super().train_step(data)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (LinearKLAnnealing(0.0, 1), [0, 0.25, 0.5, 0.75, 1, 1, 1, 1]),
        (CyclicalKLAnnealing(1, 0.5), [0, 0.5, 1, 1, 0, 0.5, 1, 1]),
    ],
)
@pytest.mark.parametrize("steps", [1, 3, 4])
def test_each_of_several_steps_an_execution_has_its_own_weight(schedule, expected, steps, ids):
    model = WeightEachStep(9, 2, 5, 6, dropout=0.0)
    model.compile("sgd", steps_per_execution=steps)
    four = tf.data.Dataset.from_tensor_slices(ids).batch(4)
    history = model.fit(four, epochs=2, callbacks=[schedule], shuffle=False, verbose=0).history
    np.testing.assert_allclose(model.noted[:8], expected, rtol=1e-6)
    np.testing.assert_allclose(history["kl_weight"], [expected[3], expected[7]], rtol=1e-6)


def test_a_schedule_of_ones_own_with_a_list_of_settings(vae, data):
    class Steps(WeightSchedule):
        def __init__(self, weights):
            super().__init__()
            self.weights = weights

        def value(self, step, steps):
            return tf.gather(tf.constant(self.weights, tf.float64), tf.cast(step, tf.int32))

    given = {"shuffle": False, "verbose": 0}
    seen = []
    for schedule in (Steps([0.5, 0.25]), Steps(np.array([0.0, 0.0, 0.125, 1.0]))):
        history = vae.fit(data.take(1).repeat(2), callbacks=[schedule], **given).history
        seen += history["kl_weight"]
    assert seen == [0.25, 1.0]
    assert Steps([0.5]).settings() == Steps([0.5]).settings() != Steps([0.4]).settings()


def test_a_second_fit_goes_on_in_the_schedule(vae, data):
    first, _ = annealed(vae, data, LinearKLAnnealing(0.0, 4), epochs=2)
    second, _ = annealed(vae, data, LinearKLAnnealing(0.0, 4), epochs=1)
    resumed, _ = annealed(vae, data, LinearKLAnnealing(0.0, 4), initial_epoch=3, epochs=5)
    np.testing.assert_allclose(first + second + resumed, [*np.arange(8) / 8, 1, 1])
    assert int(vae.epochs_trained) == 5


def test_a_saved_model_goes_on_in_the_schedule(vae, data, tmp_path):
    annealed(vae, data, LinearKLAnnealing(0.0, 4), epochs=1)
    vae.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    loaded.run_eagerly = True
    seen, _ = annealed(loaded, data, LinearKLAnnealing(0.0, 4), epochs=1)
    np.testing.assert_allclose(seen, [0.25, 0.375])


def test_a_fit_without_the_schedule_leaves_the_weight_as_it_is(ids):
    model = TextVAE(9, 2, 5, 6, dropout=0.0)
    model.compile("sgd")
    four = tf.data.Dataset.from_tensor_slices(ids).batch(4)
    annealed(model, four, LinearKLAnnealing(0.0, 2))
    probe = Weights("kl_weight")
    model.fit(four, callbacks=[probe], shuffle=False, verbose=0)
    assert probe.seen == [0.375] * 4
    other, _ = annealed(model, four, LinearKLAnnealing(0.5, 3), initial_epoch=2, epochs=3)
    np.testing.assert_allclose(other, 0.5 + 0.5 * np.arange(8, 12) / 12, rtol=1e-6)


def test_equal_schedules_share_a_graph_and_others_do_not():
    linear = LinearKLAnnealing(0.1, 5)
    linear.set_params({"steps": 3})
    assert linear.settings() == LinearKLAnnealing(0.1, 5).settings()
    others = [LinearKLAnnealing(0.1, 4), LinearKLAnnealing(0.2, 5), CyclicalKLAnnealing(0.1, 0.1)]
    assert all(each.settings() != linear.settings() for each in others)


def test_a_model_without_the_weight_is_refused(data):
    model = LanguageModel(9, 5, 6)
    model.compile("sgd")
    with pytest.raises(InputError, match="has no kl_weight"):
        annealed(model, data, LinearKLAnnealing())
    plain = keras.Sequential([keras.layers.Dense(1)])
    plain.compile("sgd", "mse")
    with pytest.raises(InputError, match="needs a model of scale_vae_keras"):
        plain.fit(np.ones((2, 1)), np.ones((2, 1)), callbacks=[LinearKLAnnealing()], verbose=0)
