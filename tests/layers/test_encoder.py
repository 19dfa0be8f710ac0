import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.encoder import LSTMEncoder, sentence_lengths

IDS = np.array([[1, 4, 5, 6, 2], [1, 7, 2, 0, 0], [1, 2, 0, 0, 0]], np.int32)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def encoder(pooling="last"):
    layer = LSTMEncoder(9, 3, 4, pooling)
    layer.build((None, None))
    random = np.random.default_rng(0)
    layer.set_weights([random.normal(0, 0.7, weight.shape) for weight in layer.get_weights()])
    return layer


def states(layer, ids):
    """The state after each token of one sentence without padding."""
    embeddings, kernel, recurrent, bias = (np.float64(w) for w in layer.get_weights())
    hidden = cell = np.zeros(4)
    rows = []
    for token in ids:
        gates = embeddings[token] @ kernel + hidden @ recurrent + bias
        i, f, g, o = np.split(gates, 4)
        cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
        hidden = sigmoid(o) * np.tanh(cell)
        rows.append(hidden)
    return np.array(rows)


def test_sentence_lengths():
    lengths = sentence_lengths(IDS)
    assert lengths.dtype == tf.int32
    np.testing.assert_array_equal(lengths, [5, 3, 2])


POOLINGS = pytest.mark.parametrize("pooling", ["last", "max", "mean"])


@POOLINGS
def test_summary_of_the_real_states(pooling):
    layer = encoder(pooling)
    summary = {
        "last": lambda rows: rows[-1],
        "max": lambda rows: rows.max(axis=0),
        "mean": lambda rows: rows.mean(axis=0),
    }[pooling]
    expected = [summary(states(layer, row[row != 0])) for row in IDS]
    np.testing.assert_allclose(layer(IDS), expected, rtol=1e-5)


@POOLINGS
def test_padding_does_not_matter(pooling):
    layer = encoder(pooling)
    padded = np.pad(IDS, ((0, 0), (0, 4)))
    np.testing.assert_allclose(layer(padded), layer(IDS), rtol=1e-5)
    np.testing.assert_allclose(layer(IDS[1:2, :3]), layer(IDS)[1:2], rtol=1e-5)


def test_unknown_pooling():
    with pytest.raises(InputError, match="pooling"):
        encoder("sum")


def test_initial_weights_are_those_of_pytorch():
    layer = LSTMEncoder(200, 50, 16)
    layer.build((None, None))
    embeddings, *lstm = (np.array(weight) for weight in layer.get_weights())
    assert abs(embeddings.mean()) < 0.05
    assert abs(embeddings.std() - 1) < 0.05
    for weight in lstm:
        assert 0.22 < np.abs(weight).max() <= 0.25
        assert abs(weight.mean()) < 0.05
    assert not np.array_equal(lstm[0][:16], lstm[1])


def test_compute_dtype():
    layer = LSTMEncoder(9, 3, 4, dtype="mixed_bfloat16")
    assert layer(IDS).dtype == tf.bfloat16
    assert {weight.dtype for weight in layer.weights} == {"float32"}


def test_config_round_trip():
    layer = encoder("max")
    config = layer.get_config()
    copy = LSTMEncoder.from_config(config)
    copy.build((None, None))
    copy.set_weights(layer.get_weights())
    assert copy.get_config() == config
    np.testing.assert_array_equal(copy(IDS), layer(IDS))
    assert copy.compute_output_shape((3, 5)) == (3, 4)
