"""The checks of a decoder: every decoder here passes them, and each mistake is found."""

import keras
import pytest
import tensorflow as tf
from own_parts import GrowingDecoder

import scale_vae_keras as sv
from scale_vae_keras.testing import check_decoder

SIZES = dict(vocabulary_size=9, embedding_dim=3, units=4, latent_dim=2)
OTHERS = dict(dropout=0.5, initializer_range=0.1)
DECODERS = {
    "lstm": sv.layers.LSTMDecoder(**SIZES, **OTHERS, skip=True),
    "cnn": sv.layers.CNNDecoder(**SIZES, **OTHERS, dilations=(1, 2)),
    "growing": GrowingDecoder(**SIZES, **OTHERS),
    "transformer": sv.layers.TransformerDecoder(**SIZES, **OTHERS, depth=2, heads=2),
    "transformer without z": sv.layers.TransformerDecoder(
        **{**SIZES, "latent_dim": 0}, **OTHERS, depth=1, heads=1, positions="learned"
    ),
}


@pytest.mark.parametrize("name", DECODERS)
def test_decoder(name):
    check_decoder(DECODERS[name])


class Forgets(GrowingDecoder):
    def advance(self, inputs, state, context):
        return super().advance(inputs, state[:, -1:], context)


class LooksAhead(GrowingDecoder):
    def hidden_states(self, inputs, z, training=False, seed=None):
        return super().hidden_states(tf.reverse(inputs, [1]), z)


class IgnoresZ(GrowingDecoder):
    def hidden_states(self, inputs, z, training=False, seed=None):
        return super().hidden_states(inputs, tf.concat([z[:, :1], 0 * z[:, 1:]], axis=1))

    def input_context(self, z):
        return tf.concat([z[:, :1], 0 * z[:, 1:]], axis=1)


class OwnNoise(GrowingDecoder):
    def hidden_states(self, inputs, z, training=False, seed=None):
        hidden = super().hidden_states(inputs, z)
        return hidden + tf.random.normal(tf.shape(hidden)) if training else hidden


class Unused(GrowingDecoder):
    def build(self, ids_shape, z_shape):
        super().build(ids_shape, z_shape)
        self.unused = self.add_weight(name="unused", shape=(2,))


class TimeFirst(GrowingDecoder):
    def initial_state(self, z, max_length):
        return tf.zeros([0, tf.shape(z)[0], self.embedding_dim])


MISTAKES = {
    Forgets: "steps differ from the whole",
    LooksAhead: "steps differ from the whole",
    IgnoresZ: "entry 1 of z does not reach the prediction of token 1",
    OwnNoise: "training twice with one seed differs",
    Unused: "no gradient reaches .*unused",
    TimeFirst: "the first dimension of every tensor is the row",
}


@pytest.mark.parametrize("kind", MISTAKES)
def test_mistake(kind):
    keras.saving.register_keras_serializable("tests")(kind)
    with pytest.raises(AssertionError, match=MISTAKES[kind]):
        check_decoder(kind(**SIZES, **OTHERS))
