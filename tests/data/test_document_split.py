import numpy as np
import pytest

from scale_vae_keras.data.document_split import DROPPED, split_documents
from scale_vae_keras.errors import InputError


def hashes(*high):
    return np.array([[value, 7] for value in high], np.uint64).reshape(-1, 2)


def test_documents_are_ranked_and_cut():
    splits, first = split_documents(hashes(5, 1, 9, 3, 7, 2, 8, 4, 6, 0), (0.6, 0.2, 0.2), False)
    assert splits.tolist() == [0, 2, 0, 1, 0, 1, 0, 0, 0, 2]
    assert first.tolist() == list(range(10))


def test_shares_are_divided_by_their_sum():
    some = hashes(*range(100))
    splits, _ = split_documents(some, (8, 1, 1), False)
    assert np.bincount(splits).tolist() == [80, 10, 10]


def test_equal_documents_stay_together():
    some = hashes(1, 5, 1, 1, 2, 3, 4, 5)
    splits, first = split_documents(some, (0.5, 0.25, 0.25), False)
    assert first.tolist() == [0, 1, 0, 0, 4, 5, 6, 1]
    # Two of eight documents are to be valid, and two test: three equal ones are too many for them.
    assert splits.tolist() == [0, 0, 0, 0, 2, 1, 1, 0]


def test_a_cut_that_moves_behind_equal_documents_takes_the_next_one_along():
    some = hashes(1, 1, 2, 2, 3, 3, *range(4, 24))
    splits, _ = split_documents(some, (0.7, 0.15, 0.15), False)
    # Four of twenty-six are to be in each, and the fourth is the second of two.
    assert splits.tolist() == [2, 2, 2, 2, 1, 1, 1, 1, *[0] * 18]
    splits, _ = split_documents(hashes(0, 1, 1, 1, *range(2, 24)), (0.7, 0.15, 0.15), False)
    assert splits.tolist() == [2, 2, 2, 2, *[1] * 4, *[0] * 18]
    splits, _ = split_documents(hashes(0, 1, *[2] * 3, *range(3, 18)), (0.7, 0.15, 0.15), False)
    assert splits.tolist() == [2, 2, 2, 2, 2, 1, 1, 1, *[0] * 12]


def test_a_frequent_document_is_for_training_whatever_its_hash():
    for frequent in (0, 450, 899):
        numbers = [*range(900), *[frequent] * 100]
        splits, _ = split_documents(hashes(*numbers), (0.9, 0.05, 0.05), False)
        assert np.bincount(splits).tolist() == [900, 50, 50]
        assert set(splits[np.array(numbers) == frequent]) == {0}
    splits, _ = split_documents(hashes(*[3] * 100, 1, 2, 4), (0.9, 0.05, 0.05), False)
    assert np.bincount(splits).tolist() == [101, 1, 1]


def test_two_documents_are_valid_if_there_are_five():
    splits, _ = split_documents(hashes(*range(10)), (0.9, 0.05, 0.05), False)
    assert np.bincount(splits).tolist() == [7, 2, 1]
    splits, _ = split_documents(hashes(1, 2, 3, 4, 5), (0.01, 0.01, 0.98), False)
    assert np.bincount(splits).tolist() == [2, 2, 1]


def test_duplicates_are_dropped_before_the_cut():
    some = hashes(1, 5, 1, 1, 2, 3, 4, 5)
    splits, _ = split_documents(some, (0.6, 0.2, 0.2), True)
    assert splits.tolist() == [2, 0, DROPPED, DROPPED, 1, 1, 0, DROPPED]


def test_both_halves_of_a_hash_count():
    some = np.array([[1, 1], [1, 2], [2, 1], [1, 1], [3, 3]], np.uint64)
    _, first = split_documents(some, (0.6, 0.2, 0.2), False)
    assert first.tolist() == [0, 1, 2, 0, 4]


def test_no_split_is_empty():
    splits, _ = split_documents(hashes(1, 2, 3, 4), (0.98, 0.01, 0.01), False)
    assert sorted(splits.tolist()) == [0, 0, 1, 2]
    splits, _ = split_documents(hashes(1, 2, 3, 4), (0.01, 0.01, 0.98), False)
    assert sorted(splits.tolist()) == [0, 0, 1, 2]


def test_too_few_documents_and_shares_without_sense():
    with pytest.raises(InputError) as error:
        split_documents(hashes(1, 2, 3, 3, 3), (0.9, 0.05, 0.05), False)
    assert str(error.value) == "there are too few different documents (3): give at least 4"
    with pytest.raises(InputError) as error:
        split_documents(hashes(), (0.9, 0.05, 0.05), False)
    assert str(error.value) == "there are too few different documents (0): give at least 4"
    for share in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(InputError, match="give three above 0"):
            split_documents(hashes(1, 2, 3, 4), (1.0, share, 1.0), False)
