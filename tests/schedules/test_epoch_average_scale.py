import keras
import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.callbacks import EpochAverageScale
from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.posterior_scale import PosteriorScale, find_posterior_scale
from scale_vae_keras.models import ScaleVAE


class Probe:
    """What the means were really multiplied by, in each step, and the batches' own factors."""

    def __init__(self, monkeypatch):
        self.train, self.own, self.other = [], [], []
        posteriors = ScaleVAE.posteriors

        def probed(model, posterior, training):
            sampled, charged = posteriors(model, posterior, training)
            mean = np.array(posterior.mean)
            used = np.mean(np.array(sampled.mean) / mean, axis=0)
            if training:
                self.train.append(used)
                self.own.append(0.7 / np.std(mean, axis=0, ddof=1))
            else:
                self.other.append(used)
            return sampled, charged

        monkeypatch.setattr(ScaleVAE, "posteriors", probed)


@pytest.fixture
def probe(monkeypatch):
    return Probe(monkeypatch)


def fit(model, data, f_epo, epochs, **arguments):
    model.fit(
        data,
        epochs=epochs,
        callbacks=[EpochAverageScale(f_epo)],
        shuffle=False,
        verbose=0,
        **arguments,
    )


def close(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=1e-4)


@pytest.mark.parametrize("f_epo", [1, 3])
def test_factor_of_every_step(scale_vae, data, probe, f_epo):
    fit(scale_vae, data, f_epo, 5, validation_data=data)
    used, own = np.reshape(probe.train, (5, 2, 2)), np.reshape(probe.own, (5, 2, 2))
    validation = np.reshape(probe.other, (5, 2, 2))
    averages = own.mean(axis=1)
    for epoch in range(5):
        if epoch < f_epo:
            close(used[epoch], own[epoch])
        else:
            close(used[epoch], [averages[epoch - 1]] * 2)
        close(validation[epoch], [averages[epoch]] * 2)
    assert np.abs(own[:, 0] / own[:, 1] - 1).min() > 1e-3
    assert np.abs(averages[1:] / averages[:-1] - 1).min() > 1e-3


def test_without_validation_the_average_is_taken_at_the_end_of_the_epoch(scale_vae, data, probe):
    fit(scale_vae, data, 1, 3)
    own = np.reshape(probe.own, (3, 2, 2))
    close(probe.train[4:], [own[1].mean(axis=0)] * 2)
    close(scale_vae.posterior_scale.average, own[2].mean(axis=0))


def test_validation_in_some_epochs_only(scale_vae, data, probe):
    fit(scale_vae, data, 1, 4, validation_data=data, validation_freq=2)
    own = np.reshape(probe.own, (4, 2, 2)).mean(axis=1)
    close(probe.other, [own[1]] * 2 + [own[3]] * 2)
    close(probe.train[6:], [own[2]] * 2)


def test_evaluation_changes_nothing(scale_vae, data, probe):
    fit(scale_vae, data, 1, 2)
    state = scale_vae.posterior_scale.get_weights()
    scale_vae.evaluate(data, verbose=0)
    scale_vae.predict(data, verbose=0)
    close(probe.other, [scale_vae.posterior_scale.average] * 4)
    for one, other in zip(scale_vae.posterior_scale.get_weights(), state, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_loaded_model_goes_on_where_it_was(scale_vae, data, probe, tmp_path):
    fit(scale_vae, data, 3, 3)
    scale_vae.save(tmp_path / "model.keras")
    average = np.array(scale_vae.posterior_scale.average)
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    loaded.run_eagerly = True
    probe.train.clear()
    loaded.evaluate(data, verbose=0)
    close(probe.other[-1], average)
    fit(loaded, data, 3, 5, initial_epoch=3)
    close(probe.train[:2], [average] * 2)
    close(probe.train[2:], [np.mean(probe.own[6:8], axis=0)] * 2)


def test_a_second_fit_goes_on_where_the_first_stopped(scale_vae, data, probe):
    fit(scale_vae, data, 2, 1)
    assert float(scale_vae.posterior_scale.epochs) == 1
    fit(scale_vae, data, 2, 2)
    averages = np.reshape(probe.own, (3, 2, 2)).mean(axis=1)
    close(probe.train[:4], probe.own[:4])
    close(probe.train[4:], [averages[1]] * 2)
    assert float(scale_vae.posterior_scale.epochs) == 3


def test_earlier_weights_do_not_take_the_epochs_of_a_fit_back(scale_vae, data):
    class Reload(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.posterior_scale.epochs.assign(0.0)

    callbacks = [EpochAverageScale(2), Reload()]
    scale_vae.fit(data, epochs=3, callbacks=callbacks, shuffle=False, verbose=0)
    assert float(scale_vae.posterior_scale.in_effect) == 1


def test_the_record_is_of_the_last_epoch_alone(scale_vae, data):
    fit(scale_vae, data, 1, 3)
    assert float(scale_vae.posterior_scale.record_count) == 2


def test_a_model_that_is_not_built(data):
    model = ScaleVAE(9, 2, 5, 6, dropout=0.0, min_factor_batch=4)
    model.compile("sgd", run_eagerly=True)
    fit(model, data, 1, 2)
    assert float(model.posterior_scale.has_average) == 1
    assert float(model.posterior_scale.in_effect) == 1


def test_starting_late_without_an_average(scale_vae, data):
    with pytest.raises(InputError, match="no epoch average"):
        fit(scale_vae, data, 1, 3, initial_epoch=2)


@pytest.mark.parametrize("f_epo", [0, -1, 1.5])
def test_f_epo_out_of_range(f_epo):
    with pytest.raises(InputError, match="f_epo"):
        EpochAverageScale(f_epo)


def test_a_model_without_a_factor_is_refused(vae, data):
    with pytest.raises(InputError, match="scale-up factor"):
        vae.fit(data, callbacks=[EpochAverageScale()], shuffle=False, verbose=0)


def test_an_epoch_of_tail_batches_keeps_the_average(scale_vae, data, ids):
    fit(scale_vae, data, 1, 1)
    average = np.array(scale_vae.posterior_scale.average)
    tails = tf.data.Dataset.from_tensor_slices(ids[:6]).batch(3)
    fit(scale_vae, tails, 1, 2, initial_epoch=1)
    np.testing.assert_array_equal(scale_vae.posterior_scale.average, average)
    assert float(scale_vae.posterior_scale.unrecorded) == 2


def image_model(kind):
    """An autoencoder of a user, with the layer under a name of its own."""
    if kind == "functional":
        inputs = keras.Input((4,))
        code = PosteriorScale(min_factor_batch=4, name="wide")(keras.layers.Dense(2)(inputs))
        return keras.Model(inputs, keras.layers.Dense(4)(code))
    if kind == "nested":
        return keras.Sequential([image_model("sequential"), keras.layers.Dense(4)])
    if kind == "sequential":
        return keras.Sequential(
            [keras.layers.Dense(2), PosteriorScale(min_factor_batch=4), keras.layers.Dense(4)]
        )

    class Inner(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.mean = keras.layers.Dense(2)
            self.factor = PosteriorScale(min_factor_batch=4)

        def call(self, inputs, training=False):
            return self.factor(self.mean(inputs), training=training)

    class Subclassed(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = Inner()
            self.out = keras.layers.Dense(4)

        def call(self, inputs, training=False):
            return self.out(self.inner(inputs, training=training))

    return Subclassed()


@pytest.mark.parametrize("kind", ["functional", "sequential", "nested", "subclassed"])
def test_the_layer_of_a_users_model_is_found(kind):
    model = image_model(kind)
    model.compile("sgd", loss="mse")
    inputs = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
    in_effect = []
    spy = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda *_: in_effect.append(float(find_posterior_scale(model).in_effect))
    )
    model.fit(inputs, inputs, epochs=3, callbacks=[EpochAverageScale(1), spy], verbose=0)
    scale = find_posterior_scale(model)
    assert in_effect == [0.0, 1.0, 1.0]
    assert float(scale.epochs) == 3.0
    assert float(scale.has_average) == 1.0


def test_several_layers_or_none():
    several = keras.Sequential(
        [keras.layers.Dense(2), PosteriorScale(name="one"), PosteriorScale(name="two")]
    )
    with pytest.raises(InputError, match="several layers PosteriorScale: one, two"):
        find_posterior_scale(several)
    assert find_posterior_scale(keras.Sequential([keras.layers.Dense(2)])) is None


def test_a_layer_that_is_not_built_has_no_average():
    scale = PosteriorScale()
    scale.open_record()
    scale.put_in_effect(False)
    with pytest.raises(InputError, match="no epoch average"):
        scale.put_in_effect(True)


@pytest.mark.parametrize("validated", [True, False])
def test_batches_that_are_all_too_small_name_the_setting(data, validated):
    model = ScaleVAE(9, 2, 5, 6, dropout=0.0, min_factor_batch=9)
    model.compile("sgd", run_eagerly=True)
    message = "none of the 2 batches .*: each had fewer than min_factor_batch = 9"
    with pytest.raises(InputError, match=message):
        fit(model, data, 1, 2, validation_data=data if validated else None)


def test_an_epoch_without_a_batch_gives_no_factor(scale_vae, data):
    with (
        pytest.warns(UserWarning, match="ran out of data"),
        pytest.raises(InputError, match="the epoch had no batch, and gave no factor"),
    ):
        fit(scale_vae, data.take(0), f_epo=1, epochs=1)
    fit(scale_vae, data, f_epo=1, epochs=2)
    assert int(scale_vae.posterior_scale.epochs) == 2


def test_an_optimizer_that_averages_weights_is_warned_of(data, caplog):
    for averages in (True, False):
        model = ScaleVAE(9, 2, 5, 6, dropout=0.0, min_factor_batch=4)
        model.compile(keras.optimizers.SGD(0.5, use_ema=averages), run_eagerly=True)
        caplog.clear()
        fit(model, data, f_epo=1, epochs=1)
        assert any("use_ema" in message for message in caplog.messages) == averages
