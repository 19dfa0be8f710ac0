from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scale_vae_keras.data.batches import epoch_batches, evaluation_batches, training_batches
from scale_vae_keras.data.corpus import open_corpus
from scale_vae_keras.data.encoded import EncodedSplit, build_vocabulary, encode_split
from scale_vae_keras.errors import InputError
from scale_vae_keras.text.tokenizer import Tokenizer

LENGTHS = np.random.default_rng(5).integers(1, 40, 1_003)


def encoded(lengths):
    """Sentences of the given numbers of words; sentence i repeats the id 4 + i."""
    sentences = [[1, *[4 + i] * length, 2] for i, length in enumerate(lengths)]
    return EncodedSplit(
        tokens=np.concatenate(sentences).astype(np.int32),
        offsets=np.cumsum([0] + [len(sentence) for sentence in sentences]),
        labels=None,
        empty=0,
        truncated=0,
    )


def members(order, starts):
    return [order[start:end].tolist() for start, end in pairwise(starts)]


def compositions(order, starts):
    return {frozenset(batch) for batch in members(order, starts)}


@settings(deadline=None, max_examples=50)
@given(
    lengths=st.lists(st.integers(1, 9), min_size=1, max_size=60),
    batch_size=st.integers(1, 20),
    seed=st.integers(0, 2**32),
    epoch=st.integers(0, 50),
    resplit=st.booleans(),
)
def test_every_sentence_once_in_full_batches_but_the_last(
    lengths, batch_size, seed, epoch, resplit
):
    order, starts = epoch_batches(np.array(lengths), batch_size, seed, epoch, resplit)
    assert sorted(order.tolist()) == list(range(len(lengths)))
    sizes = np.diff(starts)
    assert starts[0] == 0
    assert starts[-1] == len(lengths)
    assert (sizes[:-1] == batch_size).all()
    assert 1 <= sizes[-1] <= batch_size


@pytest.mark.parametrize("resplit", [False, True])
def test_order_depends_on_seed_and_epoch_alone(resplit):
    order, starts = epoch_batches(LENGTHS, 16, 7, 3, resplit)
    again, starts_again = epoch_batches(LENGTHS, 16, 7, 3, resplit)
    np.testing.assert_array_equal(order, again)
    np.testing.assert_array_equal(starts, starts_again)
    for seed, epoch in [(8, 3), (7, 4), (7, 0)]:
        other, _ = epoch_batches(LENGTHS, 16, seed, epoch, resplit)
        assert (order != other).any()


def test_fixed_batches_only_change_places():
    first = epoch_batches(LENGTHS, 16, 7, 0, False)
    later = epoch_batches(LENGTHS, 16, 7, 9, False)
    assert compositions(*first) == compositions(*later)
    assert members(*first) != members(*later)
    assert compositions(*first) != compositions(*epoch_batches(LENGTHS, 16, 8, 0, False))


def test_resplit_pairs_sentences_anew():
    first = epoch_batches(LENGTHS, 16, 7, 0, True)
    later = epoch_batches(LENGTHS, 16, 7, 9, True)
    assert not compositions(*first) & compositions(*later)
    assert compositions(*first) == compositions(*epoch_batches(LENGTHS, 16, 7, 0, False))


def test_batches_of_a_pool_are_cut_from_sorted_sentences():
    lengths = np.array([7, 1, 5, 3, 9, 2, 8, 4])
    batches = members(*epoch_batches(lengths, 2, 0, 0, False))
    assert sorted(lengths[batch].tolist() for batch in batches) == [[1, 2], [3, 4], [5, 7], [8, 9]]


def test_large_sets_are_sorted_in_pools():
    lengths = np.arange(1_200)
    order, starts = epoch_batches(lengths, 2, 0, 0, False)
    spread = [lengths[batch].max() - lengths[batch].min() for batch in members(order, starts)]
    # Six pools of 200 sentences drawn from 1,200: neighbours are about 6 apart, never all adjacent.
    assert 3 < np.mean(spread) < 9


LABELS = np.random.default_rng(6).choice(["a", "b", "c"], 1_003, p=[0.6, 0.39, 0.01]).tolist()


def test_the_sentences_of_a_batch_share_their_label():
    order, starts = epoch_batches(LENGTHS, 16, 7, 3, False, LABELS)
    assert sorted(order.tolist()) == list(range(len(LENGTHS)))
    batches = members(order, starts)
    labels = [{LABELS[sentence] for sentence in batch} for batch in batches]
    assert [len(of_batch) for of_batch in labels] == [1] * len(batches)
    sizes = np.diff(starts)
    incomplete = np.flatnonzero(sizes < 16)
    assert (incomplete >= len(batches) - 3).all()
    assert [labels[batch] for batch in incomplete] == [{"a"}, {"b"}, {"c"}]
    full = [min(of_batch) for of_batch in labels[: -len(incomplete)]]
    assert full != sorted(full)  # labels take turns


@pytest.mark.parametrize("resplit", [False, True])
def test_batches_of_one_label_are_kept_or_paired_anew(resplit):
    first = epoch_batches(LENGTHS, 16, 7, 0, resplit, LABELS)
    later = epoch_batches(LENGTHS, 16, 7, 9, resplit, LABELS)
    assert members(*first) != members(*later)
    assert (compositions(*first) == compositions(*later)) is not resplit


def test_training_batches_by_label():
    split = replace(encoded(LENGTHS[:103]), labels=LABELS[:103])
    dataset = training_batches(split, 8, seed=3, by_label=True)
    batches = [(batch.numpy()[:, 1] - 4).tolist() for batch in dataset]
    assert batches == members(*epoch_batches(split.lengths, 8, 3, 0, False, split.labels))
    assert len(batches) == int(dataset.cardinality())
    with pytest.raises(InputError, match="need a corpus with labels"):
        training_batches(encoded([1, 2]), 1, seed=0, by_label=True)


@pytest.mark.parametrize("resplit", [False, True])
def test_each_iterator_serves_the_next_epoch(resplit):
    lengths = LENGTHS[:103]
    split = encoded(lengths)
    dataset = training_batches(split, 8, seed=3, resplit=resplit, first_epoch=2)
    assert int(dataset.cardinality()) == 13
    for epoch in (2, 3):
        batches = [batch.numpy() for batch in dataset]
        expected = members(*epoch_batches(split.lengths, 8, 3, epoch, resplit))
        assert [(batch[:, 1] - 4).tolist() for batch in batches] == expected


def test_an_epoch_from_a_later_batch_on():
    split = encoded(LENGTHS[:103])
    whole = [batch.numpy().tolist() for batch in training_batches(split, 8, 3, first_epoch=2)]
    rest = training_batches(split, 8, 3, first_epoch=2, first_batch=9)
    assert int(rest.cardinality()) == 4
    assert [batch.numpy().tolist() for batch in rest] == whole[9:]
    for batch in (-1, 13):
        with pytest.raises(InputError, match=f"batches 0 to 12, and no batch {batch}"):
            training_batches(split, 8, 3, first_batch=batch)


def test_rows_are_right_padded_sentences():
    split = encoded([3, 1, 2])
    (batch,) = training_batches(split, 3, seed=0)
    assert batch.dtype == np.int32
    assert batch.numpy().tolist() == [[1, 5, 2, 0, 0], [1, 6, 6, 2, 0], [1, 4, 4, 4, 2]]


def test_evaluation_goes_from_short_to_long_and_back_to_the_corpus():
    split = encoded(LENGTHS[:50])
    dataset, order = evaluation_batches(split, 8)
    assert int(dataset.cardinality()) == 7
    batches = [batch.numpy() for batch in dataset]
    assert [len(batch) for batch in batches] == [8] * 6 + [2]
    rows = np.concatenate([batch[:, 1] - 4 for batch in batches])
    np.testing.assert_array_equal(rows, order)
    assert (np.diff(split.lengths[order]) >= 0).all()
    assert [batch.shape[1] for batch in batches] == [
        split.lengths[order[start : start + 8]].max() for start in range(0, 50, 8)
    ]
    results = np.empty(50)
    results[order] = [np.count_nonzero(row) for batch in batches for row in batch]
    np.testing.assert_array_equal(results, split.lengths)
    np.testing.assert_array_equal(np.concatenate([batch[:, 1] - 4 for batch in dataset]), order)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"seed": -1}, "seed must be at least 0, got -1"),
        ({"batch_size": 2.0}, "batch_size must be a whole number, got 2.0"),
        ({"seed": None}, "seed must be a whole number, got None"),
        ({"first_epoch": -2}, "first_epoch must be at least 0, got -2"),
    ],
)
def test_unfit_arguments_are_refused(arguments, message):
    with pytest.raises(InputError) as error:
        training_batches(encoded([1, 2]), **{"batch_size": 1, "seed": 0, **arguments})
    assert str(error.value) == message


def test_evaluation_batch_size_is_checked():
    with pytest.raises(InputError, match="batch_size must be at least 1, got 0"):
        evaluation_batches(encoded([1]), 0)


@pytest.mark.corpora
@pytest.mark.parametrize("name", ["ptb", "yahoo", "short_yelp", "imdb100"])
@pytest.mark.parametrize("batch_size", [32, 64])
def test_padding_of_real_corpora_is_small(corpora, name, batch_size):
    corpus = open_corpus(corpora / name)
    split = encode_split(corpus, "test", Tokenizer(build_vocabulary(corpus, "words")))
    order, starts = epoch_batches(split.lengths, batch_size, 0, 0, False)
    lengths = split.lengths[order]
    longest = np.maximum.reduceat(lengths, starts[:-1])
    padded = (longest * np.diff(starts)).sum()
    assert 1 - lengths.sum() / padded < 0.05
