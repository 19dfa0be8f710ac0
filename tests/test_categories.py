from collections import Counter

import numpy as np

from scale_vae_keras.categories import Categories, Numbering

LABELS = ["good", "bad", "good", "", "üble"]


def test_a_sequence_of_names():
    found = Categories.of(LABELS)
    assert found.names == ("good", "bad", "", "üble")
    assert found.codes.tolist() == [0, 1, 0, 2, 3]
    assert list(found) == LABELS
    assert (len(found), found[1], found[-1]) == (5, "bad", "üble")
    assert np.asarray(found).tolist() == LABELS
    assert found.counts() == Counter(LABELS)
    assert list(found.counts()) == list(Counter(LABELS))
    assert Categories.of(found) is found


def test_parts_are_categories():
    found = Categories.of(LABELS)
    assert found[1:3] == LABELS[1:3]
    assert found[np.array([4, 0])] == ["üble", "good"]
    assert found[1:3].names == found.names
    assert found[:2].counts() == {"bad": 1, "good": 1}


def test_equality_is_that_of_names():
    found = Categories.of(LABELS)
    assert found[1:3] == Categories.of(["bad", "good"])
    assert found[:2] != ["bad", "good"]
    assert found[:1] != ["good", "bad"]
    assert found[:1] != "good"


def test_names_that_come_block_by_block():
    numbering = Numbering()
    codes = np.concatenate([numbering.numbers(["b", "c"]), numbering.numbers(["a", "c"])])
    assert codes.tolist() == [0, 1, 2, 1]
    assert numbering.names == ("b", "c", "a")
    assert Numbering().names == ()
