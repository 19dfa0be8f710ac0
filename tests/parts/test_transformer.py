"""The Transformers, against Keras' own attention and by their properties."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.models import TextVAE
from scale_vae_keras.parts.positions import Positions, rotate
from scale_vae_keras.parts.transformer_block import TransformerBlock, allowed
from scale_vae_keras.parts.transformer_decoder import TransformerDecoder
from scale_vae_keras.parts.transformer_encoder import TransformerEncoder
from scale_vae_keras.text import Tokenizer, Vocabulary
from scale_vae_keras.text_model import TextModel

IDS = np.array([[1, 4, 5, 6, 2, 0], [1, 7, 8, 9, 10, 2]], np.int32)
Z = np.array([[0.4, -1.2], [0.8, 0.3]], np.float32)
SEED = tf.constant([3, 4])


def decoder(**arguments):
    keras.utils.set_random_seed(1)
    settings = {"depth": 2, "heads": 2, "dropout": 0.0, **arguments}
    made = TransformerDecoder(12, 5, 8, 2, initializer_range=0.5, **settings)
    made.build((None, None), (None, 2))
    return made


def encoder(**arguments):
    keras.utils.set_random_seed(1)
    made = TransformerEncoder(12, 5, 8, depth=2, heads=2, **arguments)
    made.build((None, None))
    return made


def test_a_block_is_what_keras_layers_make():
    keras.utils.set_random_seed(1)
    block = TransformerBlock(8, 2, 12)
    block.build((None, None, 8))
    for weight in block.weights:
        weight.assign(np.random.default_rng(0).normal(0, 0.5, weight.shape))
    hidden = tf.random.stateless_normal([3, 5, 8], [1, 2])
    normalised = block.attention_norm(hidden)
    expected = hidden + block.attention(normalised, normalised, use_causal_mask=True)
    expected += block.down(block.up(block.feed_forward_norm(expected)))
    causal = allowed(tf.linalg.band_part(tf.ones([5, 5], tf.bool), -1, 0))
    np.testing.assert_allclose(block(hidden, causal), expected, rtol=1e-5, atol=1e-5)


def test_half_precision_takes_gelu_in_float32():
    """Of zeros, with an identity behind it, a block makes the gelu of its bias."""
    block = TransformerBlock(1000, 2, 1000, dtype="mixed_bfloat16")
    block.build((None, None, 1000))
    block.down.kernel.assign(np.eye(1000))
    bias = tf.cast(tf.linspace(-6.0, 6.0, 1000), tf.bfloat16)
    block.up.bias.assign(bias)
    zeros = tf.zeros([1, 1, 1000], tf.bfloat16)
    outputs = block(zeros, allowed(tf.ones([1, 1], tf.bool)))[0, 0]
    exact = [0.5 * x * math.erfc(-x / math.sqrt(2)) for x in np.float64(bias)]
    assert outputs.dtype == tf.bfloat16
    np.testing.assert_array_equal(outputs, tf.cast(tf.constant(exact, tf.float32), tf.bfloat16))


def test_half_precision_adds_up_the_gradient_of_a_bias_in_float32():
    block = TransformerBlock(4, 2, 4, dtype="mixed_bfloat16")
    block.build((None, None, 4))
    hidden = tf.cast(tf.random.stateless_normal([3, 2001, 4], [1, 2]), tf.bfloat16)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(tf.cast(block(hidden, tf.zeros([1, 1])), tf.float32))
    np.testing.assert_allclose(tape.gradient(total, block.down.bias.value), [6003] * 4, rtol=2**-8)


def test_rotary_products_depend_on_the_distance_alone():
    places = Positions("rotary", 1, head_width=6)
    query, key = (tf.random.stateless_normal([1, 1, 6], [seed, 0]) for seed in (1, 2))

    def product(at_query, at_key):
        turned = [
            rotate(values, places.of_rows(values[:, 0], tf.constant([at]))[1])
            for values, at in ((query, at_query), (key, at_key))
        ]
        return float(tf.reduce_sum(turned[0] * turned[1]))

    assert product(9, 4) == pytest.approx(product(5, 0), rel=1e-5)
    assert product(0, 0) == pytest.approx(float(tf.reduce_sum(query * key)), rel=1e-6)
    assert abs(product(9, 4) - product(9, 3)) > 1e-2


def test_each_way_of_z_has_its_weights_and_reaches_every_state():
    shapes = {}
    for way in ("both", "memory", "embedding"):
        made = decoder(latent_input=way)
        own = {weight.name: tuple(weight.shape) for weight in made.weights}
        shapes[way] = own["input_kernel"], own.get("memory_kernel")
        moved = np.abs(made.states(IDS, Z).hidden - made.states(IDS, Z + 0.5).hidden)
        assert moved.max(axis=1).min() > 1e-3
    assert shapes == {
        "both": ((7, 8), (2, 32)),
        "memory": ((5, 8), (2, 32)),
        "embedding": ((7, 8), None),
    }


def test_layer_dropout_acts_in_training_alone():
    made = decoder(layer_dropout=0.3)
    plain = made(IDS, Z)
    first, again = (made(IDS, Z, training=True, seed=SEED) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(np.array(first - plain)).min() > 1e-4
    assert np.abs(np.array(first - made(IDS, Z, training=True, seed=SEED + 1))).min() > 1e-4
    still = decoder(layer_dropout=0.0)
    np.testing.assert_array_equal(still(IDS, Z, training=True, seed=SEED), still(IDS, Z))


def test_rows_stand_at_positions_of_their_own():
    made, z = decoder(), tf.constant(Z)
    state, context = made.initial_state(z, 5), made.context(z)
    for t in range(3):
        _, state = made.step(tf.constant(IDS[:, t]), state, context)
    # the second row starts anew, the first goes on
    fresh = made.initial_state(z, 5)
    mixed = tf.nest.map_structure(lambda old, new: tf.stack([old[0], new[1]]), state, fresh)
    logits, _ = made.step(tf.constant([IDS[0, 3], 1]), mixed, context)
    first, _ = made.step(tf.constant(IDS[:, 3]), state, context)
    second, _ = made.step(tf.constant([1, 1]), fresh, context)
    np.testing.assert_allclose(logits, tf.stack([first[0], second[1]]), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("pooling", ["first", "last", "max", "mean"])
def test_the_summary_of_a_sentence(pooling):
    made = encoder(pooling=pooling)
    whole = np.array(made(IDS))
    np.testing.assert_allclose(made(IDS[:1, :5])[0], whole[0], rtol=1e-5, atol=1e-6)
    embedded = made.embedding(IDS[1:])
    np.testing.assert_allclose(made.summary_of_embeddings(embedded)[0], whole[1], rtol=1e-5)
    changed = IDS.copy()
    changed[:, 1] = 11
    assert np.abs(np.array(made(changed)) - whole).max(axis=1).min() > 1e-3


def test_poolings_differ():
    summaries = [np.array(encoder(pooling=each)(IDS)) for each in ("first", "last", "max", "mean")]
    for i, first in enumerate(summaries):
        for second in summaries[:i]:
            assert np.abs(first - second).max() > 1e-3


def test_learned_positions_refuse_longer_sentences():
    model = TextVAE(
        12,
        2,
        embedding_dim=5,
        units=8,
        depth=1,
        heads=2,
        decoder="transformer",
        positions="learned",
        max_positions=4,
    )
    model.compile("sgd")
    with pytest.raises(InputError, match="more than the 4 learned positions: raise max_positions"):
        model.fit(IDS, verbose=0)
    text_model = TextModel(model, Tokenizer(Vocabulary("abcdefgh")))
    for call in (lambda: text_model.generate(2), lambda: text_model.score("a b c d e")):
        with pytest.raises(InputError, match=r"^invalid batch: .* lower max_length, or choose"):
            call()
    assert len(TextModel(model, text_model.tokenizer, max_length=4).generate(2)) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"positions": "sine"}, "positions must be one of rotary, learned"),
        ({"latent_input": "gate"}, "latent_input must be one of both"),
        ({"layer_dropout": 1.0}, "layer_dropout must be at least 0 and below 1"),
        ({"heads": 3}, "units must be a multiple of the number of heads"),
        ({"heads": 8}, "even width of a head"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        decoder(**arguments)


def test_the_caches_grow_with_the_sentence():
    made = decoder()
    ids = np.random.default_rng(0).integers(3, 12, (2, 40)).astype(np.int32)
    ids[:, 0] = 1
    z = tf.constant(Z)
    state, context, rooms, hidden = made.initial_state(z, 40), made.context(z), set(), []
    for t in range(39):
        own, state = made.advance(made.read(tf.constant(ids[:, t])), state, context)
        hidden.append(own)
        rooms.add(state.caches[0][0].shape[2])
    assert rooms == {17, 33, 49}
    whole = made.hidden_states(made.embedding(ids[:, :39]), z)
    np.testing.assert_allclose(tf.stack(hidden, axis=1), whole, rtol=1e-4, atol=1e-5)
