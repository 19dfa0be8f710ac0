import itertools

import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.layers.decoder import LSTMDecoder

VOCABULARY, LATENT, UNITS = 8, 2, 4
IDS = np.array([[1, 4, 5, 6, 2], [1, 7, 2, 0, 0], [1, 2, 0, 0, 0], [1, 4, 5, 6, 2]], np.int32)
Z = np.array([[0.5, -1.0], [2.0, 0.3], [-0.7, 0.1], [-1.5, 2.0]], np.float32)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def decoder(dropout=0.0, vocabulary=VOCABULARY, **arguments):
    layer = LSTMDecoder(vocabulary, 3, UNITS, LATENT, dropout, 0.01, **arguments)
    layer.build((None, None), (None, LATENT))
    random = np.random.default_rng(0)
    layer.set_weights([random.normal(0, 0.8, weight.shape) for weight in layer.get_weights()])
    return layer


def log_probabilities(layer, ids, z):
    """log p(. | tokens before, z) after each token of one sentence, `[time, vocabulary]`."""
    embeddings, kernel, recurrent, bias, state_kernel, output = (
        np.float64(weight)
        for weight in (
            layer.embedding.embeddings,
            layer.lstm.kernel,
            layer.lstm.recurrent_kernel,
            layer.lstm.bias,
            layer.state_kernel,
            layer.output_kernel,
        )
    )
    cell = z @ state_kernel
    hidden = np.tanh(cell)
    rows = []
    for token in ids:
        gates = np.concatenate([embeddings[token], z]) @ kernel + hidden @ recurrent + bias
        i, f, g, o = np.split(gates, 4)
        cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
        hidden = sigmoid(o) * np.tanh(cell)
        logits = hidden @ output
        rows.append(logits - np.log(np.exp(logits).sum()))
    return np.array(rows)


def test_log_likelihood_against_numpy():
    layer = decoder()
    expected = []
    for row, z in zip(IDS, Z, strict=True):
        ids = row[row != 0]
        rows = log_probabilities(layer, ids[:-1], z)
        expected.append(rows[np.arange(len(ids) - 1), ids[1:]].sum())
    actual = layer(IDS, Z)
    assert actual.dtype == tf.float32
    np.testing.assert_allclose(actual, expected, rtol=1e-5)


def test_padding_does_not_matter():
    layer = decoder()
    padded = np.pad(IDS, ((0, 0), (0, 3)))
    np.testing.assert_allclose(layer(padded, Z), layer(IDS, Z), rtol=1e-5)
    np.testing.assert_allclose(layer(IDS[1:2, :3], Z[1:2]), layer(IDS, Z)[1:2], rtol=1e-5)


def test_probabilities_of_everything_that_can_be_written_sum_to_one():
    layer = decoder(vocabulary=5)
    others = (1, 3, 4)  # every token but the end; padding cannot be a target
    layer.output_kernel.assign(
        np.where(np.arange(5) == 0, 0.0, layer.output_kernel).astype(np.float32)
    )
    ended = [
        [1, *words, 2] + [0] * (2 - count)
        for count in range(3)
        for words in itertools.product(others, repeat=count)
    ]
    cut = [[1, *words] for words in itertools.product(others, repeat=3)]
    ids = np.array(ended + cut, np.int32)
    z = np.tile(Z[:1], (len(ids), 1))
    total = np.exp(np.float64(layer(ids, z))).sum()
    first = np.exp(log_probabilities(layer, [1], Z[0])[0])
    # what is missing is what padding would have taken at each of the three steps
    missing = first[0]
    for one in others:
        missing += first[one] * np.exp(log_probabilities(layer, [1, one], Z[0])[1, 0])
        for two in others:
            rows = np.exp(log_probabilities(layer, [1, one, two], Z[0]))
            missing += first[one] * rows[1, two] * rows[2, 0]
    np.testing.assert_allclose(total + missing, 1, rtol=1e-5)


def test_step_by_step_as_in_one_go():
    layer = decoder()
    state, context = layer.initial_state(Z), layer.context(Z)
    total = np.zeros(4)
    for time in range(4):
        logits, state = layer.step(IDS[:, time], state, context)
        rows = np.array(tf.nn.log_softmax(logits))
        target = IDS[:, time + 1]
        total += np.where(target == 0, 0, rows[np.arange(4), target])
    np.testing.assert_allclose(total, layer(IDS, Z), rtol=1e-5)


def test_initial_state():
    layer = decoder()
    hidden, cell = layer.initial_state(Z)
    np.testing.assert_allclose(cell, Z @ np.array(layer.state_kernel), rtol=1e-5)
    np.testing.assert_allclose(hidden, np.tanh(cell), rtol=1e-5)


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
def test_steps_under_mixed_precision(dtype):
    layer = decoder(dtype=dtype)
    exact = decoder()
    logits, state = layer.step(IDS[:, 0], layer.initial_state(Z), layer.context(Z))
    expected, _ = exact.step(IDS[:, 0], exact.initial_state(Z), exact.context(Z))
    assert logits.dtype == tf.float32
    assert {part.dtype.name for part in state} == {layer.compute_dtype}
    np.testing.assert_allclose(logits, expected, atol=0.05)
    assert layer(IDS, Z).dtype == tf.float32
    np.testing.assert_allclose(layer(IDS, Z), exact(IDS, Z), rtol=0.03)


def test_dropout_belongs_to_training_and_to_the_seed():
    layer = decoder(dropout=0.5)
    plain = decoder()(IDS, Z)
    np.testing.assert_array_equal(layer(IDS, Z), plain)

    def dropped(seed):
        return np.array(layer(IDS, Z, training=True, seed=tf.constant([seed, 0])))

    np.testing.assert_array_equal(dropped(1), dropped(1))
    assert not np.allclose(dropped(1), dropped(2))
    assert not np.allclose(dropped(1), plain)
    np.testing.assert_array_equal(decoder()(IDS, Z, training=True), plain)


def test_the_mean_over_masks_of_the_dropped_states_is_the_undropped_state():
    layer = decoder(dropout=0.5)
    # without embeddings and with small logits the log-likelihood is nearly linear in the states
    layer.embedding.embeddings.assign(tf.zeros([VOCABULARY, 3]))
    layer.output_kernel.assign(layer.output_kernel.value * 1e-3)
    rows = np.arange(200 * len(IDS)) % len(IDS)
    dropped = layer(IDS[rows], Z[rows], training=True, seed=tf.constant([0, 1]))
    dropped = np.reshape(dropped, (200, len(IDS)))
    plain = np.array(layer(IDS, Z))
    uniform = -np.count_nonzero(IDS[:, 1:], axis=1) * np.log(VOCABULARY)
    np.testing.assert_allclose(np.mean(dropped, axis=0) - uniform, plain - uniform, atol=2.5e-4)
    assert np.std(dropped, axis=0).min() > 1e-4


def test_word_dropout_reads_unknown_for_words_but_never_for_the_start():
    layer = decoder(word_dropout=1.0)
    plain = decoder()
    np.testing.assert_array_equal(layer(IDS, Z), plain(IDS, Z))
    dropped = layer(IDS, Z, training=True, seed=tf.constant([0, 1]))
    expected = []
    for row, z in zip(IDS, Z, strict=True):
        ids = row[row != 0]
        read = [1] + [3] * (len(ids) - 2)
        rows = log_probabilities(plain, read, z)
        expected.append(rows[np.arange(len(ids) - 1), ids[1:]].sum())
    np.testing.assert_allclose(dropped, expected, rtol=1e-5)


def test_skip_adds_z_to_the_logits():
    layer, plain = decoder(skip=True), decoder()
    for own, others in ((plain.embedding, layer.embedding), (plain.lstm, layer.lstm)):
        others.set_weights(own.get_weights())
    layer.state_kernel.assign(plain.state_kernel)
    extra = np.random.default_rng(2).normal(size=(LATENT, VOCABULARY)).astype(np.float32)
    layer.output_kernel.assign(np.concatenate([plain.output_kernel, extra]))
    state, context = layer.initial_state(Z), layer.context(Z)
    logits, _ = layer.step(IDS[:, 0], state, context)
    expected, _ = plain.step(IDS[:, 0], plain.initial_state(Z), plain.context(Z))
    np.testing.assert_allclose(logits, expected + Z @ extra, rtol=1e-4, atol=1e-5)
    ends = np.array([[1, 2]] * 4, np.int32)
    np.testing.assert_allclose(layer(ends, Z), tf.nn.log_softmax(logits)[:, 2], rtol=1e-5)


def test_gradient_against_finite_differences():
    layer = decoder()
    z = tf.constant(Z)
    with tf.GradientTape() as tape:
        tape.watch(z)
        total = tf.reduce_sum(layer(IDS, z))
    actual = tape.gradient(total, z)

    def exact(z):
        total = 0.0
        for row, place in zip(IDS, z, strict=True):
            ids = row[row != 0]
            rows = log_probabilities(layer, ids[:-1], place)
            total += rows[np.arange(len(ids) - 1), ids[1:]].sum()
        return total

    expected = np.zeros(Z.shape)
    for place in np.ndindex(*Z.shape):
        step = np.zeros(Z.shape)
        step[place] = 1e-5
        expected[place] = (exact(Z + step) - exact(Z - step)) / 2e-5
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)


def test_initial_weights_fill_their_ranges():
    layer = LSTMDecoder(50, 30, 20, 5, 0.0, 0.01)
    layer.build((None, None), (None, 5))
    assert 0.099 < np.abs(layer.embedding.embeddings).max() <= 0.1
    for weight in (*layer.lstm.weights, layer.state_kernel, layer.output_kernel):
        assert 0.009 < np.abs(weight).max() <= 0.01, weight.path
        assert abs(np.mean(weight)) < 0.002, weight.path


def test_config_round_trip():
    layer = decoder(dropout=0.3)
    config = layer.get_config()
    copy = LSTMDecoder.from_config(config)
    copy.build((None, None), (None, LATENT))
    copy.set_weights(layer.get_weights())
    assert copy.get_config() == config
    np.testing.assert_array_equal(copy(IDS, Z), layer(IDS, Z))
