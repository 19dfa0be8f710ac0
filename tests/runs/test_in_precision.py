"""A trained model that computes in another precision."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from made_models import draw_weights, in_mixed_precision, made_model

from scale_vae_keras.errors import InputError
from scale_vae_keras.models import LanguageModel, ScaleVAE, TextVAE
from scale_vae_keras.runs.in_precision import PRECISIONS, in_precision

TRANSFORMER = {"units": 8, "depth": 1, "heads": 2}
MODELS = {
    "scale": (ScaleVAE, {"factor": [1.5, 3.0]}),
    "transformer": (TextVAE, {"encoder": "transformer", "decoder": "transformer", **TRANSFORMER}),
    "cnn and vamp": (TextVAE, {"decoder": "cnn", "prior": "vamp"}),
    "labels": (TextVAE, {"condition": "label", "labels": ("bad", "good")}),
    "lm": (LanguageModel, {"latent_dim": None}),
}

IDS = np.array([[1, 5, 6, 11, 2], [1, 8, 9, 2, 0], [1, 5, 2, 0, 0], [1, 3, 4, 7, 2]])


def made(name):
    system, settings = MODELS[name]
    if system is LanguageModel:
        keras.utils.set_random_seed(2)
        model = LanguageModel(12, embedding_dim=5, units=6)
        model.ensure_built()
    else:
        model = made_model(system, 12, **settings)
    draw_weights(model.trainable_weights, 0.5, seed=3)
    return model


def likelihoods(model, ids):
    given = {"label": [0] * len(ids)} if model.labels else {}
    if model.latent_dim:
        given["samples"] = 8
    return model.log_likelihood(ids, **given).numpy()


@pytest.mark.parametrize("precision", PRECISIONS[1:])
@pytest.mark.parametrize("name", MODELS)
def test_it_does_what_mixed_precision_does_with_the_same_weights(name, precision):
    model = made(name)
    half, mixed = in_precision(model, precision), in_mixed_precision(model, f"mixed_{precision}")
    assert half.decoder.compute_dtype == half.decoder.variable_dtype == precision
    rounded = likelihoods(half, IDS)
    np.testing.assert_array_equal(rounded, likelihoods(mixed, IDS))
    exact = likelihoods(model, IDS)
    assert np.any(exact != rounded)
    np.testing.assert_allclose(rounded, exact, rtol=0.02)
    np.testing.assert_array_equal(likelihoods(in_precision(mixed, "float32"), IDS), exact)
    assert in_precision(model, "float32") is model


def test_what_is_float32_by_design_stays_it():
    half = in_precision(made("scale"), "bfloat16")
    assert {half.gaussian_posterior.dtype, half.posterior_scale.dtype} == {"float32"}
    np.testing.assert_array_equal(half.posterior_scale.average, [1.5, 3.0])
    assert half.posterior_scale.average.dtype == "float32"


@keras.saving.register_keras_serializable("tests")
class LastToken(keras.layers.Layer):
    """An encoder of one's own: the embedding of the last token."""

    def build(self, shape):
        self.table = self.add_weight(shape=(12, 6), name="table")

    def call(self, ids):
        lengths = tf.reduce_sum(tf.cast(ids != 0, tf.int32), axis=1)
        return tf.gather(self.table, tf.gather(ids, lengths - 1, batch_dims=1))


@pytest.mark.parametrize("own", ["float32", "mixed_bfloat16"])
def test_a_layer_of_ones_own_follows_where_it_had_the_models_precision(own):
    model = made_model(TextVAE, 12, encoder=LastToken(dtype=own), dtype="mixed_bfloat16")
    encoder = in_precision(model, "float32").encoder
    assert encoder is not model.encoder
    assert encoder(tf.constant(IDS)).dtype == tf.float32


def test_an_unknown_precision():
    with pytest.raises(InputError, match="'mixed_bfloat16': give one of float32, bfloat16"):
        in_precision(made("lm"), "mixed_bfloat16")
