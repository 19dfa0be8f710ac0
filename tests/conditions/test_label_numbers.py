"""Labels by name and number."""

import re

import numpy as np
import pytest
import tensorflow as tf
from exact_models import END, START, as_split

from scale_vae_keras.conditions import UNLABELLED, label_names, label_numbers, numbered
from scale_vae_keras.conditions.label_numbers import hidden
from scale_vae_keras.data.batches import evaluation_batches, training_batches
from scale_vae_keras.errors import InputError
from scale_vae_keras.text.lines import split_label

SENTENCES = [[START, *words, END] for words in ([4], [5, 4], [3], [5, 5], [4, 4, 4], [3, 5])]
LABELS = ["good", "", "bad", "good", "", "good"]


@pytest.fixture
def split():
    return as_split(SENTENCES, LABELS)


def test_names_are_sorted_and_an_empty_label_is_none(split):
    assert label_names(split) == ("bad", "good")
    with pytest.raises(InputError, match="at least two labels, and there are 1"):
        label_names(as_split(SENTENCES[:2], ["good", ""]))
    with pytest.raises(InputError, match="there are 0"):
        label_names(as_split(SENTENCES))


def test_numbers():
    assert label_numbers("good", ("bad", "good"), 2).tolist() == [1, 1]
    with pytest.raises(InputError, match=re.escape("unknown label 'goof': choose bad, good; did")):
        label_numbers(["bad", "goof"], ("bad", "good"), 2)
    for label in (1.0, {"bad", "good"}, iter(["bad"]), {"bad": 0}):
        with pytest.raises(InputError, match=f"label is of type {type(label).__name__}: give a"):
            label_numbers(label, ("bad", "good"), 2)
    with pytest.raises(InputError, match="3 sentences have 2 labels"):
        label_numbers(["bad", "good"], ("bad", "good"), 3)


@pytest.mark.parametrize(
    "labels",
    [np.array(["good", "bad"]), np.array([b"good", b"bad"]), tf.constant(["good", "bad"])],
)
def test_numbers_of_names_in_arrays_and_tensors(labels):
    assert label_numbers(labels, ("bad", "good"), 2).tolist() == [1, 0]
    assert label_numbers(labels[1], ("bad", "good"), 3).tolist() == [0, 0, 0]
    with pytest.raises(InputError, match="unknown label 'good'"):
        label_numbers(labels, ("bad", "fine"), 2)


def test_a_split_without_some_labels(split):
    found = numbered(split, ("bad", "good"), unlabelled=True)
    assert found.label_numbers.tolist() == [1, UNLABELLED, 0, 1, UNLABELLED, 1]
    assert found.first(3).label_numbers.tolist() == [1, UNLABELLED, 0]
    assert found.spread(3).label_numbers.tolist() == [1, 0, 1]
    with pytest.raises(InputError, match="2 sentences of the train split have no label"):
        numbered(split, ("bad", "good"), name="train")
    with pytest.raises(InputError, match=r"^the given split has no labels"):
        numbered(as_split(SENTENCES), ("bad", "good"))
    with pytest.raises(InputError, match="the valid split has no labels"):
        numbered(as_split(SENTENCES), ("bad", "good"), name="valid")


def test_labels_are_hidden_by_the_seed(split):
    found = numbered(split, ("bad", "good"), unlabelled=True)
    draws = [hidden(found, 2, seed).label_numbers for seed in range(6)]
    for numbers in draws:
        kept = numbers != UNLABELLED
        assert kept.sum() == 2
        assert np.all(numbers[kept] == found.label_numbers[kept])
    assert len({tuple(numbers) for numbers in draws}) > 1
    assert hidden(found, 2, 0).label_numbers.tolist() == draws[0].tolist()
    assert hidden(found, 2, 0).labels == LABELS
    with pytest.raises(InputError, match="labelled is 5 and the sentences have 4 labels"):
        hidden(found, 5, 0)


def test_batches_hold_the_labels_of_their_sentences(split):
    found = numbered(split, ("bad", "good"), unlabelled=True)
    number_of = {
        tuple(ids): number for ids, number in zip(SENTENCES, found.label_numbers, strict=True)
    }
    batches = [*training_batches(found, 4, seed=1), *evaluation_batches(found, 4)[0]]
    rows = [
        (tuple(i for i in row if i), number)
        for ids, numbers in batches
        for row, number in zip(ids.numpy().tolist(), numbers.numpy(), strict=True)
    ]
    assert len(rows) == 2 * len(SENTENCES)
    assert all(number_of[row] == number for row, number in rows)


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("good\ta b", ("good", "a b")),
        ("\ta b", ("", "a b")),
        (" \t ", ("", " ")),
        ("", ("", "")),
        ("a b", None),
    ],
)
def test_an_empty_label_before_the_tab_is_no_label(line, parts):
    assert split_label(line) == parts
