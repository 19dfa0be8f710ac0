"""Warnings about a run when training ends."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from exact_models import END, START, as_split

from scale_vae_keras.evaluation.verdict import training_verdict, unigram_nll
from scale_vae_keras.models.text_generator import Generated

SETTLED = {"val_reconstruction": [9.0, 5.0], "factor_mean": [4.0, 4.1], "factor_change": [0.1]}


def ending(share):
    """A model whose sentences end after each word with this probability."""

    def generate(count, seed, max_length, label):
        lengths = np.random.default_rng(seed).geometric(share, count)
        words = np.arange(1, max_length + 1)
        ids = np.where(words == lengths[:, None], END, np.where(words < lengths[:, None], 4, 0))
        return Generated(tf.constant(ids, tf.int32), None, None)

    return SimpleNamespace(generate=generate, labels_in_turn=lambda rows: None)


@pytest.fixture
def model():
    return ending(0.5)


def test_a_run_without_faults_has_no_line(model):
    assert training_verdict(SETTLED, model, unigram=6.0, max_length=30) == []


def test_a_factor_that_still_changes(model):
    history = {**SETTLED, "factor_change": [0.05, 0.104]}
    [line] = training_verdict(history, model, 6.0, max_length=30)
    assert "has not settled, it changed by 10 % in the last epoch" in line
    assert "some 3,000" in line
    assert 'pooling to "max"' in line
    model.pooling = "last"
    assert training_verdict(history, model, 6.0, max_length=30) == [line]


def test_advice_that_is_followed_already_is_not_given(model):
    history = {**SETTLED, "factor_change": [0.05, 0.104]}
    model.pooling = "max"
    [line] = training_verdict(history, model, 6.0, max_length=30)
    assert line.endswith("or a third of that with a pooling encoder)")


def test_a_single_epoch_says_nothing_about_the_factor(model):
    history = {"reconstruction": [5.0], "factor_mean": [4.0]}
    [line] = training_verdict(history, model, 6.0, max_length=30)
    assert "was measured in one epoch only" in line


def test_a_reconstruction_no_better_than_the_unigrams(model):
    history = {**SETTLED, "reconstruction": [4.0, 3.0]}
    [line] = training_verdict(history, model, unigram=5.0, max_length=30)
    assert "the reconstruction, 5.0 nats per sentence, has not passed the 5.0" in line


def test_sentences_that_do_not_end():
    model = ending(0.05)
    history = {"reconstruction": [3.0]}
    [line] = training_verdict(history, model, 6.0, max_length=10)
    assert "sentences from the prior end within 10 tokens" in line
    assert training_verdict(history, model, 6.0, max_length=100) == []


def test_unigrams_of_a_literal_corpus():
    training = as_split([[START, 4, 4, END], [START, 5, END]])
    valid = as_split([[START, 4, END], [START, 5, 3, END]])
    # counts of the ids 0 to 5, one more than they occur: 1, 1, 3, 1, 3, 2
    of_valid = np.log([3 / 11, 3 / 11, 2 / 11, 1 / 11, 3 / 11])
    assert unigram_nll(training, valid) == pytest.approx(-of_valid.sum() / 2)
    # the start symbols are not counted
    assert unigram_nll(training, training) == pytest.approx(
        -np.sum(np.log([3 / 11, 3 / 11, 3 / 11, 2 / 11, 3 / 11])) / 2
    )
