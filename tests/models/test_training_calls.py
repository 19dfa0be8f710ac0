"""Fresh noise at every training call, and files that were written before calls were counted."""

import zipfile

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.callbacks import EpochAverageScale, LinearKLAnnealing
from scale_vae_keras.models import DUVAE, ScaleVAE, SemiAmortizedVAE, TextVAE

NOISY = {"dropout": 0.5}


def batches(ids):
    return tf.data.Dataset.from_tensor_slices(ids).batch(8)


@pytest.mark.parametrize("model", [TextVAE, DUVAE, SemiAmortizedVAE])
@pytest.mark.parametrize("compiled", [True, False])
def test_a_loop_of_ones_own_gets_fresh_noise(sentences, model, compiled):
    keras.utils.set_random_seed(3)
    vae = model(12, 2, 5, 6, dropout=0.5)
    if compiled:
        vae.compile("sgd")
    ids = tf.constant(sentences(8))
    call = tf.function(lambda: vae(ids, training=True).reconstruction)
    values = [np.array(call()) for _ in range(3)]
    assert min(np.abs(values[i] - values[i - 1]).max() for i in range(3)) > 1e-6
    vae.training_calls.assign(1)
    np.testing.assert_array_equal(call(), values[1])
    assert int(vae.training_calls) == 2


def test_a_loop_of_ones_own_gives_the_weights_of_fit(make, sentences):
    ids = sentences(24)
    fitted, looped = make(**NOISY), make(**NOISY)
    fitted.fit(batches(ids), epochs=2, shuffle=False, verbose=0)
    optimizer = keras.optimizers.SGD(0.5)
    weights = looped.trainable_variables
    for _ in range(2):
        for batch in batches(ids):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(looped(batch, training=True).loss)
            gradients = tape.gradient(loss, [weight.value for weight in weights])
            optimizer.apply(list(map(tf.convert_to_tensor, gradients)), weights)
    for one, other in zip(fitted.trainable_weights, weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_evaluation_does_not_count(make, sentences):
    vae = make()
    vae.evaluate(batches(sentences(8)), verbose=0)
    vae(sentences(8))
    assert int(vae.training_calls) == 0


def older(path):
    """Takes the counters out of a model file, as if it had been written before there were any."""
    with zipfile.ZipFile(path) as file:
        content = {name: file.read(name) for name in file.namelist()}
    weights = path.with_suffix(".h5")
    weights.write_bytes(content["model.weights.h5"])
    with h5py.File(weights, "r+") as file:
        own = file["vars"]
        last = len(own)
        for i in range(last - 3, last):
            del own[str(i)]
        for name in ("posterior_scale",):
            if name in file:
                del file[name]["vars"][str(len(file[name]["vars"]) - 1)]
    content["model.weights.h5"] = weights.read_bytes()
    with zipfile.ZipFile(path, "w") as file:
        for name, each in content.items():
            file.writestr(name, each)
    return path


@pytest.mark.parametrize("older_file", [False, True])
def test_a_run_resumed_from_a_file_ends_like_one_that_was_never_stopped(
    make, sentences, tmp_path, older_file
):
    ids = sentences(24)

    def fit(model, epochs, **arguments):
        callbacks = [EpochAverageScale(2), LinearKLAnnealing(0.1, 4)]
        return model.fit(
            batches(ids), epochs=epochs, callbacks=callbacks, shuffle=False, verbose=0, **arguments
        ).history

    whole, begun = make(ScaleVAE, **NOISY), make(ScaleVAE, **NOISY)
    expected = fit(whole, 4)
    fit(begun, 2)
    begun.save(tmp_path / "model.keras")
    path = tmp_path / "model.keras"
    loaded = keras.saving.load_model(older(path) if older_file else path)
    answer = loaded.evaluate(batches(ids), return_dict=True, verbose=0)
    assert answer == begun.evaluate(batches(ids), return_dict=True, verbose=0)
    actual = fit(loaded, 4, initial_epoch=2)
    assert {name: values[2:] for name, values in expected.items()} == actual
    for one, other in zip(whole.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(one, other, err_msg=one.path)
    assert int(loaded.training_calls) == 12


def test_older_weights_of_a_model_without_a_factor(make, sentences, tmp_path):
    vae, ids = make(**NOISY), sentences(16)
    vae.fit(batches(ids), epochs=1, shuffle=False, verbose=0)
    vae.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(older(tmp_path / "model.keras"))
    np.testing.assert_array_equal(loaded(ids).loss, vae(ids).loss)
    one = vae.train_on_batch(ids, return_dict=True)
    assert loaded.train_on_batch(ids, return_dict=True) == one
