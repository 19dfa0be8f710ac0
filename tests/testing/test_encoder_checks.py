"""The checks of an encoder: encoders here pass them, and each mistake is found."""

import keras
import pytest
import tensorflow as tf

import scale_vae_keras as sv
from scale_vae_keras.testing import check_encoder

GOOD_ENCODERS = {
    "lstm": lambda: sv.layers.LSTMEncoder(9, 3, 4, pooling="max"),
    "transformer": lambda: sv.layers.TransformerEncoder(9, 4, 4, depth=1, heads=1),
    "masked": lambda: keras.Sequential(
        [keras.layers.Embedding(9, 3, mask_zero=True), keras.layers.GRU(4)]
    ),
}


@pytest.mark.parametrize("name", GOOD_ENCODERS)
def test_encoder(name):
    check_encoder(GOOD_ENCODERS[name](), vocabulary_size=9)


class Centred(keras.layers.Layer):
    def call(self, summary):
        return summary - tf.reduce_mean(summary, axis=0)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([keras.layers.GRU(4)], "right padding changes a summary"),
        ([keras.layers.GlobalMaxPooling1D(), Centred()], "other sentences change a summary"),
        ([], r"4 sentences have summaries of shape \(4, 8, 3\)"),
    ],
)
def test_a_summary_of_more_than_its_sentence_is_found(layers, message):
    keras.utils.set_random_seed(1)
    embedding = keras.layers.Embedding(9, 3, embeddings_initializer="uniform")
    encoder = keras.Sequential([embedding, *layers])
    if "other" in message:
        encoder.build((None, None))
        embedding.embeddings.assign(tf.concat([[[-9.0] * 3], embedding.embeddings[1:]], axis=0))
    with pytest.raises(AssertionError, match=message):
        check_encoder(encoder, vocabulary_size=9)
