import math

import numpy as np
import pytest

from scale_vae_keras.built_in.synthetic import LSTMWeights, _draw, lstm_step, synthetic_split
from scale_vae_keras.errors import InputError


@pytest.fixture(scope="module")
def train():
    return synthetic_split("train")


@pytest.fixture(scope="module")
def test():
    return synthetic_split("test")


def word_ids(lines):
    return np.array([[int(word) for word in line.text.split(" ")] for line in lines])


def test_sizes(train, test):
    assert word_ids(train).shape == (16_000, 10)
    assert word_ids(test).shape == (4_000, 10)
    assert synthetic_split("valid") == test


def test_words_are_ids_below_the_vocabulary_size(train):
    ids = word_ids(train)
    assert ids.min() >= 0
    assert ids.max() <= 999
    assert train[0].text == " ".join(map(str, ids[0]))


def test_the_sentences_are_always_the_same(train, test):
    assert train[0] == ("2", "306 509 306 386 306 306 386 386 386 386")
    assert train[1] == ("1", "254 112 112 76 112 90 112 90 581 739")
    assert test[-1] == ("0", "752 982 982 485 999 982 845 485 999 683")


def test_a_split_is_a_list_of_its_own(test):
    synthetic_split("test").clear()
    assert synthetic_split("test") == test


def test_components_are_equally_likely(train, test):
    labels = [line.label for line in train + test]
    assert set(labels) == {"0", "1", "2", "3"}
    for component in "0123":
        assert abs(labels.count(component) - 5_000) < 4 * math.sqrt(20_000 * 1 / 4 * 3 / 4)


def test_first_words_are_uniform(train, test):
    counts = np.bincount(word_ids(train + test)[:, 0], minlength=1_000)
    chi_squared = np.sum((counts - 20) ** 2 / 20)
    assert abs(chi_squared - 999) < 4 * math.sqrt(2 * 999)


def test_later_words_tell_the_component(train, test):
    counts = np.ones((4, 1_000))
    for line, ids in zip(train, word_ids(train)[:, 1:], strict=True):
        np.add.at(counts[int(line.label)], ids, 1)
    log_likelihood = np.log(counts / counts.sum(axis=1, keepdims=True))
    guesses = log_likelihood[:, word_ids(test)[:, 1:]].sum(axis=2).argmax(axis=0)
    accuracy = np.mean(guesses == [int(line.label) for line in test])
    assert accuracy > 0.85


def test_lstm_step_by_hand():
    weights = LSTMWeights(
        input_kernel=np.array([[0.5, -1.0, 2.0, 0.25]]),
        recurrent_kernel=np.array([[1.0, 0.5, -0.5, -1.0]]),
        input_bias=np.array([0.1, 0.2, 0.3, 0.4]),
        recurrent_bias=np.array([-0.3, 0.1, 0.2, 0.6]),
    )
    hidden, cell = lstm_step(np.array([[2.0]]), np.array([[0.4]]), np.array([[-1.5]]), weights)

    def sigmoid(x):
        return 1 / (1 + math.exp(-x))

    input_gate = sigmoid(0.5 * 2 + 1.0 * 0.4 + 0.1 - 0.3)
    forget_gate = sigmoid(-1.0 * 2 + 0.5 * 0.4 + 0.2 + 0.1)
    candidate = math.tanh(2.0 * 2 - 0.5 * 0.4 + 0.3 + 0.2)
    output_gate = sigmoid(0.25 * 2 - 1.0 * 0.4 + 0.4 + 0.6)
    expected_cell = forget_gate * -1.5 + input_gate * candidate
    assert cell[0, 0] == pytest.approx(expected_cell, rel=1e-12)
    assert hidden[0, 0] == pytest.approx(output_gate * math.tanh(expected_cell), rel=1e-12)


def test_lstm_step_keeps_units_and_sentences_apart():
    rng = np.random.default_rng(0)
    weights = LSTMWeights(*(rng.normal(size=s) for s in [(2, 12), (3, 12), (12,), (12,)]))
    inputs, hidden, cell = (rng.normal(size=(4, n)) for n in (2, 3, 3))
    new_hidden, new_cell = lstm_step(inputs, hidden, cell, weights)
    for row in range(4):
        for unit in range(3):
            columns = [gate * 3 + unit for gate in range(4)]
            i, f, g, o = (
                inputs[row] @ weights.input_kernel[:, c]
                + hidden[row] @ weights.recurrent_kernel[:, c]
                + weights.input_bias[c]
                + weights.recurrent_bias[c]
                for c in columns
            )
            expected = cell[row, unit] / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
            assert new_cell[row, unit] == pytest.approx(expected)
            assert new_hidden[row, unit] == pytest.approx(np.tanh(expected) / (1 + np.exp(-o)))


def test_draw_inverts_the_distribution_function():
    logits = np.log([[0.2, 0.3, 0.5]] * 6) + 7
    uniforms = np.array([0.0, 0.19, 0.21, 0.49, 0.51, 0.999])
    assert _draw(logits, uniforms).tolist() == [0, 0, 1, 1, 2, 2]


def test_unknown_split():
    with pytest.raises(InputError, match="no split 'dev' in corpus 'synthetic'"):
        synthetic_split("dev")
