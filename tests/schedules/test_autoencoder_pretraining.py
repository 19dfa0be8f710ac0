import keras
import numpy as np
import pytest
import tensorflow as tf
from made_models import made_model

from scale_vae_keras.errors import InputError
from scale_vae_keras.models import PretrainedVAE, TextVAE
from scale_vae_keras.schedules.autoencoder_pretraining import AutoencoderPretraining


def compiled(model):
    made = made_model(model, 12, dropout=0.0, decoder_initializer_range=0.5)
    made.compile(keras.optimizers.SGD(0.1))
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
    ids = np.array([[1, 4, 5, 2], [1, 6, 2, 0]], np.int32)
    recorder = Recorder()
    model.fit(
        tf.data.Dataset.from_tensors(ids),
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
    with pytest.raises(InputError, match="negative"):
        AutoencoderPretraining(-1)
