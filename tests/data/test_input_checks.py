import numpy as np
import pytest
import tensorflow as tf
from py_batches import PyBatches

from scale_vae_keras.data.input_checks import (
    as_ids,
    batch_errors,
    checked_batches,
    ids_of_batches,
)
from scale_vae_keras.errors import InputError

IDS = [[1, 5, 6, 2], [1, 7, 2, 0]]
VOCABULARY = 9

INVALID = {
    "left padding": ([[0, 1, 5, 2]], "padding before a word"),
    "inner padding": ([[1, 0, 5, 2]], "padding before a word"),
    "no start": ([[5, 6, 2, 0]], "does not begin with <s>"),
    "no end": ([[1, 5, 6, 0]], "does not end with </s>"),
    "no end at the limit": ([[1, 5, 6, 6]], "does not end with </s>"),
    "all padding": ([[1, 5, 2], [0, 0, 0]], "a row is all padding"),
    "too large": ([[1, 9, 2]], "outside of the vocabulary of 9 tokens, 0 to 8"),
    "beyond int32": ([[1, 2**32 + 5, 2]], "outside of the vocabulary"),
    "negative": ([[1, -1, 2]], "outside of the vocabulary"),
    "one column": ([[1], [1]], "fewer than 2 ids"),
}


@pytest.mark.parametrize(
    "make", [list, np.array, np.uint8, np.int64, tf.constant], ids=lambda make: make.__name__
)
def test_ids_of_every_kind(make):
    ids = as_ids(make(IDS), VOCABULARY)
    assert ids.dtype == tf.int32
    assert ids.numpy().tolist() == IDS


@pytest.mark.parametrize("name", INVALID)
def test_invalid_ids(name):
    ids, message = INVALID[name]
    with pytest.raises(InputError, match=message) as caught:
        as_ids(ids, VOCABULARY)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", INVALID)
@pytest.mark.parametrize("weighted", [False, True])
def test_invalid_batch_of_a_dataset(name, weighted):
    ids, message = INVALID[name]
    ids = np.array(ids, np.int64)
    element = (ids, np.ones(len(ids))) if weighted else ids
    dataset = checked_batches(tf.data.Dataset.from_tensors(element), VOCABULARY)
    with pytest.raises(InputError, match=message) as caught, batch_errors():
        list(dataset)
    with pytest.raises(InputError) as at_once:
        as_ids(ids, VOCABULARY)
    assert str(caught.value) == str(at_once.value)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([1, 5, 2], "1 dimensions instead of 2: call .batch"),
        ([[[1, 5, 2]]], "3 dimensions instead of 2;"),
        ([[1.0, 5.0, 2.0]], "instead of whole numbers"),
        ([[True, False]], "bool instead of whole numbers"),
        ([[1, 5, 2], [1, 2]], "unequal length"),
        (tf.ragged.constant([[1, 5, 2], [1, 2]]), "to_tensor"),
        (["a text"], "tokenise them first .*sv.load"),
        (np.array(["a text"], object), "tokenise them first"),
    ],
    ids=str,
)
def test_not_a_batch(ids, message):
    with pytest.raises(InputError, match=message):
        as_ids(ids, VOCABULARY)


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        (tf.data.Dataset.from_tensor_slices(IDS), "call .batch"),
        (tf.data.Dataset.from_tensors(["a text"]), "tokenise them first"),
        (tf.data.Dataset.from_tensors({"ids": IDS}), "instead of one tensor"),
    ],
    ids=["unbatched", "text", "named"],
)
def test_dataset_without_batches_of_ids(dataset, message):
    with pytest.raises(InputError, match=message):
        checked_batches(dataset, VOCABULARY)


def test_a_graph_checks_type_and_dimensions():
    @tf.function
    def read(ids):
        return as_ids(ids, VOCABULARY)

    assert read(tf.constant(IDS, tf.int64)).dtype == tf.int32
    assert read(tf.constant([[0, 0]])).numpy().tolist() == [[0, 0]]
    with pytest.raises(InputError, match=r"call \.batch"):
        tf.function(lambda: as_ids(tf.constant([1, 2]), VOCABULARY), autograph=False)()


def test_generators_and_sequences_are_checked_batch_by_batch():
    good, bad = np.array(IDS), np.array([[0, 0, 0]])
    batches = checked_batches(iter([good, (good, None, np.ones(2)), bad]), VOCABULARY)
    for _ in range(2):
        assert next(batches)[0].dtype == tf.int32
    with pytest.raises(InputError, match="all padding"):
        next(batches)
    sequence = checked_batches(PyBatches(good, bad), VOCABULARY)
    assert sequence.num_batches == 2
    assert sequence[0][0].dtype == tf.int32
    with pytest.raises(InputError, match="all padding"):
        sequence[1]
    of_processes = PyBatches(good, bad, use_multiprocessing=True)
    assert checked_batches(of_processes, VOCABULARY) is of_processes
    with pytest.raises(InputError, match="all padding"):
        checked_batches(PyBatches(bad), VOCABULARY)


@pytest.mark.parametrize(
    "data",
    [
        IDS,
        np.array(IDS),
        [np.array(IDS)],
        tf.data.Dataset.from_tensors(IDS),
        tf.data.Dataset.from_tensors((IDS, [1.0, 2.0])),
    ],
    ids=["lists", "array", "list of batches", "dataset", "dataset with weights"],
)
def test_ids_of_batches(data):
    ((batch, _),) = ids_of_batches(data, VOCABULARY)
    assert batch.dtype == tf.int32
    assert batch.numpy().tolist() == IDS


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.int16, np.uint64])
def test_a_vocabulary_beyond_the_type_of_the_ids(kind):
    assert as_ids(np.array([[1, 100, 2]], kind), 70_000).numpy().tolist() == [[1, 100, 2]]
    with pytest.raises(InputError, match="outside of the vocabulary of 50 tokens"):
        as_ids(np.array([[1, 100, 2]], kind), 50)


def test_a_checked_dataset_is_as_long():
    dataset = tf.data.Dataset.from_tensor_slices([IDS] * 3)
    assert len(checked_batches(dataset, VOCABULARY)) == 3
    assert checked_batches(None, VOCABULARY) is None
