import keras
import numpy as np
import pytest
import tensorflow as tf
from made_models import made_model

from scale_vae_keras.callbacks import (
    BestModel,
    DecayOnPlateau,
    HalvingSchedule,
    LinearKLAnnealing,
)
from scale_vae_keras.errors import InputError
from scale_vae_keras.models import PretrainedVAE, TextVAE
from scale_vae_keras.schedules.autoencoder_pretraining import AutoencoderPretraining

IDS = np.array([[1, 4, 5, 2], [1, 6, 2, 0]], np.int32)


def compiled(model):
    made = made_model(model, 12, dropout=0.0, decoder_initializer_range=0.5)
    made.compile(keras.optimizers.SGD(0.1), run_eagerly=True)
    return made


class Recorder(keras.callbacks.Callback):
    """Notes the state at the start of each epoch."""

    def __init__(self):
        super().__init__()
        self.pretraining, self.kernels = [], []

    def on_epoch_begin(self, epoch, logs=None):
        self.pretraining.append(float(self.model.pretraining))
        self.kernels.append(np.array(self.model.decoder.output_kernel))


def fit(model, epochs, **arguments):
    recorder = Recorder()
    model.fit(
        tf.data.Dataset.from_tensors(IDS),
        epochs=4,
        callbacks=[AutoencoderPretraining(epochs), recorder],
        verbose=0,
        shuffle=False,
        **arguments,
    )
    return recorder


def test_the_decoder_is_reset_once_when_pretraining_ends():
    model = compiled(PretrainedVAE)
    fresh = compiled(PretrainedVAE)
    fresh.reset_decoder()
    recorder = fit(model, 2)
    assert recorder.pretraining == [1, 1, 0, 0]
    at_reset = [np.array_equal(k, fresh.decoder.output_kernel) for k in recorder.kernels]
    assert at_reset == [False, False, True, False]


def test_adam_forgets_the_gradients_of_the_decoder_that_was_reset():
    class Memory(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            steps, _, *moments = self.model.optimizer.variables
            moved = [bool(np.any(np.array(each) != 0)) for each in moments]
            memories.append((int(steps), any(moved), float(self.model.optimizer.learning_rate)))

    memories = []
    model = compiled(PretrainedVAE)
    model.compile(keras.optimizers.Adam(0.25), run_eagerly=True)
    model.fit(
        tf.data.Dataset.from_tensors(IDS),
        epochs=4,
        callbacks=[AutoencoderPretraining(2), Memory()],
        verbose=0,
        shuffle=False,
    )
    assert memories == [(0, False, 0.25), (1, True, 0.25), (0, False, 0.25), (1, True, 0.25)]


def test_a_run_resumed_afterwards_is_not_reset():
    model = compiled(PretrainedVAE)
    kernel = np.array(model.decoder.output_kernel)
    recorder = fit(model, 2, initial_epoch=3)
    assert recorder.pretraining == [0]
    np.testing.assert_array_equal(recorder.kernels[0], kernel)


def test_a_second_fit_goes_on_where_the_first_stopped():
    model = compiled(PretrainedVAE)
    assert fit(model, 5).pretraining == [1, 1, 1, 1]
    assert fit(model, 5).pretraining == [1, 0, 0, 0]


def test_without_pretraining_nothing_is_reset():
    model = compiled(PretrainedVAE)
    kernel = np.array(model.decoder.output_kernel)
    recorder = fit(model, 0)
    np.testing.assert_array_equal(recorder.kernels[0], kernel)


def test_another_model_is_refused():
    with pytest.raises(InputError, match="PretrainedVAE"):
        fit(compiled(TextVAE), 2)
    with pytest.raises(InputError, match="epochs must be at least 0, got -1"):
        AutoencoderPretraining(-1)
    with pytest.raises(InputError, match="decays must be at least 0, got -1"):
        AutoencoderPretraining(2, decays=-1)


class Given(keras.callbacks.Callback):
    """Replaces what validation found by given values, and notes what each epoch began with."""

    def __init__(self, losses):
        super().__init__()
        self.losses = iter(losses)
        self.trained, self.rates, self.encoders, self.ends = [], [], [], []

    def _encoder(self):
        return np.array(self.model.encoder.trainable_weights[0])

    def on_train_batch_begin(self, batch, logs=None):
        self.trained.append(int(self.model.epochs_trained))
        self.rates.append(float(self.model.optimizer.learning_rate))
        self.encoders.append(self._encoder())

    def on_epoch_end(self, epoch, logs=None):
        logs["val_loss"] = logs["val_reconstruction"] = next(self.losses)
        self.ends.append(self._encoder())


def fit_given(model, losses, *callbacks, epochs=None):
    data, given = tf.data.Dataset.from_tensors(IDS), Given(losses)
    history = model.fit(
        data,
        validation_data=data,
        epochs=epochs or len(losses),
        callbacks=[given, *callbacks],
        shuffle=False,
        verbose=0,
    )
    return given, history.history


def test_selection_decay_and_weight_begin_with_the_vae(tmp_path):
    """The first two epochs have the least losses, and would be best, or the decay's reference."""
    best = BestModel(tmp_path / "model.keras")
    decay = DecayOnPlateau(best, patience=1, start_epoch=0)
    callbacks = [AutoencoderPretraining(2), LinearKLAnnealing(0.2, 2, after=2), best, decay]
    given, history = fit_given(compiled(PretrainedVAE), [1.0, 2.0, 9.0, 7.0, 8.0, 8.0], *callbacks)
    assert (best.best, best.best_epoch) == (7.0, 3)
    np.testing.assert_allclose(given.rates, [0.1] * 5 + [0.05])
    assert (decay.decays, decay.reference) == (1, 8.0)
    np.testing.assert_allclose(history["kl_weight"], [0, 0, 0.2, 0.6, 1, 1], rtol=1e-6)


def test_a_run_of_pretraining_alone_has_no_best_model(tmp_path):
    best = BestModel(tmp_path / "model.keras")
    fit_given(compiled(PretrainedVAE), [1.0, 2.0], AutoencoderPretraining(2), best)
    assert best.best_epoch is None
    assert not best.path.exists()


def decaying(**arguments):
    return AutoencoderPretraining(6, **{"decays": 2, "patience": 1, "start_epoch": 0, **arguments})


def test_decays_bring_the_best_autoencoder_back_and_the_last_ends_the_pretraining():
    model = compiled(PretrainedVAE)
    callback = decaying()
    schedule = LinearKLAnnealing(0.0, 2, after=6)
    losses = [3.0, 2.0, 4.0, 5.0, 9.0, 9.0]
    given, history = fit_given(model, losses, callback, schedule, epochs=8)
    # Two epochs that the pretraining has not used are left out at the end. Decays after epochs 3
    # and 4; the VAE has the rate of the start, and schedules of its own.
    np.testing.assert_allclose(given.rates, [0.1, 0.1, 0.1, 0.05, 0.1, 0.1])
    assert given.trained == [0, 1, 2, 3, 6, 7]
    np.testing.assert_allclose(history["kl_weight"], [0, 0, 0, 0, 0, 0.5])
    for epoch in (3, 4):
        np.testing.assert_array_equal(given.encoders[epoch], given.ends[1])
    assert not np.array_equal(given.ends[1], given.ends[2])
    assert int(model.epochs_trained) == 8
    again, _ = fit_given(model, [9.0, 9.0, 9.0], callback)
    assert again.trained == [8, 9, 10]


def test_the_best_autoencoder_is_taken_where_no_decay_ends_the_pretraining():
    model, fresh = compiled(PretrainedVAE), compiled(PretrainedVAE)
    fresh.reset_decoder()
    losses = [4.0, 3.0, 1.0, 2.0, 2.0, 2.0, 9.0]
    seen = Recorder()
    given, _ = fit_given(model, losses, decaying(start_epoch=9), seen)
    np.testing.assert_array_equal(given.encoders[6], given.ends[2])
    np.testing.assert_array_equal(seen.kernels[6], fresh.decoder.output_kernel)
    assert given.trained == [0, 1, 2, 3, 4, 5, 6]


def test_halving_counts_from_the_vae_and_leaves_the_rate_of_pretraining():
    losses, callbacks = [3.0, 4.0, 5.0, 1.0, 1.0], (decaying(), HalvingSchedule(0.1, 7))
    given, history = fit_given(compiled(PretrainedVAE), losses, *callbacks, epochs=8)
    np.testing.assert_allclose(given.rates, [0.1, 0.1, 0.05, 0.1, 0.05])
    np.testing.assert_allclose(history["learning_rate"], given.rates)


def test_pretraining_goes_on_in_a_resumed_run():
    model, losses = compiled(PretrainedVAE), [2.0, 3.0, 4.0, 9.0]
    whole, _ = fit_given(model, losses, decaying(decays=2))
    resumed = compiled(PretrainedVAE)
    first = decaying(decays=2)
    fit_given(resumed, losses[:2], first)
    second = decaying(decays=2)
    second.set_state(first.get_state())
    second.set_arrays(first.get_arrays())
    data, given = tf.data.Dataset.from_tensors(IDS), Given(losses[2:])
    resumed.fit(
        data,
        validation_data=data,
        initial_epoch=2,
        epochs=4,
        callbacks=[given, second],
        shuffle=False,
        verbose=0,
    )
    assert given.trained == whole.trained[2:] == [2, 6]
    np.testing.assert_allclose(given.rates, whole.rates[2:])
    np.testing.assert_array_equal(given.ends[-1], whole.ends[-1])
    assert second.get_arrays() == []


def test_decays_need_validation_and_a_finite_loss():
    data = tf.data.Dataset.from_tensors(IDS)
    with pytest.raises(InputError, match="validation_data"):
        compiled(PretrainedVAE).fit(data, callbacks=[decaying()], shuffle=False, verbose=0)
    with pytest.raises(InputError, match="lower the learning rate"):
        fit_given(compiled(PretrainedVAE), [np.nan], decaying())
