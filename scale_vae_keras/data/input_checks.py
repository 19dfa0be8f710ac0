"""Checks batches of sentences, with one-line errors.

Arrays, lists and what is called outside of graphs are checked at once, batches of a
`tf.data.Dataset`, a generator and a `keras.utils.PyDataset` one by one as they are read; of one
that uses processes the first one. In a user's graph only the type and the number of dimensions are
checked.
"""

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from scale_vae_keras.data.autotuning import without_autotuning
from scale_vae_keras.data.checked_py_dataset import checked_py_dataset
from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.errors import InputError
from scale_vae_keras.text.vocabulary import END_ID, PAD_ID, START_ID

_WHAT = (
    f"a batch is ids [batch, time], each row <s> ({START_ID}), words, </s> ({END_ID}), then "
    f"padding ({PAD_ID}) on the right"
)
_TOKENISE = (
    "these are strings and the model reads ids: tokenise them first (sv.Tokenizer), or use "
    "sv.load(RUN) or sv.TextModel, which take text"
)
_INVALID = "invalid batch: "
_END = " (end of check)"
_BATCH_SIZE = 32


def as_ids(ids: Any, vocabulary_size: int) -> tf.Tensor:
    """Ids as the models read them, int32 `[batch, time]`.

    Args:
        ids: a tensor or array of any integer type, or nested lists.
        vocabulary_size: number of token ids.

    Raises:
        InputError: it is not a batch; in a graph only the type and the number of dimensions are
            checked.
    """
    if isinstance(ids, keras.KerasTensor):
        return ids
    if not isinstance(ids, tf.Tensor):
        ids = _as_array(ids)
    _check_type(tf.as_dtype(ids.dtype), tf.TensorShape(ids.shape).rank)
    ids = tf.convert_to_tensor(ids)
    if tf.executing_eagerly():
        for valid, message in _rules(ids, vocabulary_size):
            if not bool(valid):
                raise InputError(_INVALID + message)
    return tf.cast(ids, tf.int32)


def holds_sentences(data: Any) -> bool:
    """Whether what `fit` is given is sentences, in an array, list or table, and not batches."""
    batches = (tf.data.Dataset, tf.distribute.DistributedDataset, keras.utils.PyDataset, Iterator)
    return data is not None and not isinstance(data, (*batches, Mapping))


def checked_batches(data: Any, vocabulary_size: int, batched: bool = False) -> Any:
    """What `fit` and `evaluate` are given, with int32 ids that are checked.

    Args:
        data: ids, a `tf.data.Dataset`, a generator, a `keras.utils.PyDataset`, or None.
        vocabulary_size: number of token ids.
        batched: whether ids, too, become a dataset.

    Raises:
        InputError: it does not hold batches.
    """
    if data is None or isinstance(data, tf.distribute.DistributedDataset):
        return data
    if isinstance(data, tf.data.Dataset):
        return _checked_dataset(data, vocabulary_size)
    if isinstance(data, keras.utils.PyDataset):
        return checked_py_dataset(data, partial(_checked_batch, vocabulary_size=vocabulary_size))
    if isinstance(data, Iterator):
        return (_checked_batch(batch, vocabulary_size) for batch in data)
    ids = as_ids(data, vocabulary_size)
    if batched:
        return without_autotuning(tf.data.Dataset.from_tensor_slices(ids).batch(_BATCH_SIZE))
    return ids.numpy()


def ids_of_batches(data: Any, vocabulary_size: int) -> Iterable[tuple[tf.Tensor, tf.Tensor | None]]:
    """The ids of each batch, int32 `[batch, time]`, in order, with its labels or None.

    Args:
        data: as for `checked_batches`, or a list of batches.
        vocabulary_size: number of token ids.

    Raises:
        InputError: it does not hold batches.
    """
    if isinstance(data, (list, tuple)) and len(data) and np.ndim(data[0]) == 2:
        data = iter(data)
    with batch_errors():
        for batch in checked_batches(data, vocabulary_size, batched=True):
            yield keras.utils.unpack_x_y_sample_weight(batch)[:2]


@contextlib.contextmanager
def batch_errors() -> Iterator[None]:
    """Says in one line what a checked dataset has found.

    Raises:
        InputError: a batch is invalid.
    """
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        # In a dataset `_END` marks the end; what a generator raises ends with its line.
        found = re.search(f"{_INVALID}(.*?)(?:{re.escape(_END)}|\\n)", error.message)
        if not found:
            raise
        raise InputError(_INVALID + found[1]) from None


def batch_assertion(valid: tf.Tensor, message: str) -> tf.Operation | None:
    """An operation that fails with the message, as `batch_errors` knows it.

    Args:
        valid: bool scalar.
        message: what is wrong and what to do, in one line.
    """
    return tf.debugging.Assert(valid, [_INVALID + message + _END])


def _checked_batch(batch, vocabulary_size):
    if isinstance(batch, tuple):
        return (as_ids(batch[0], vocabulary_size), *batch[1:])
    return (as_ids(batch, vocabulary_size),)


def _checked_dataset(dataset, vocabulary_size):
    element = dataset.element_spec
    spec = element[0] if isinstance(element, tuple) else element
    if not isinstance(spec, tf.TensorSpec):
        raise InputError(f"{_INVALID}{type(spec).__name__} instead of one tensor; {_WHAT}")
    _check_type(spec.dtype, spec.shape.rank)

    def check(batch):
        ids = batch[0] if isinstance(batch, tuple) else batch
        asserted = [
            batch_assertion(valid, message) for valid, message in _rules(ids, vocabulary_size)
        ]
        with tf.control_dependencies(asserted):
            ids = tf.cast(tf.identity(ids), tf.int32)
        return (ids, *batch[1:]) if isinstance(batch, tuple) else ids

    # AutoGraph, which nothing here needs, would be most of what a call of `fit` costs.
    @tf.autograph.experimental.do_not_convert
    def checked(*parts):
        return check(parts if isinstance(element, tuple) else parts[0])

    return without_autotuning(dataset.map(checked))


def _as_array(ids):
    if isinstance(ids, (tf.RaggedTensor, tf.SparseTensor)):
        raise InputError(f"{_INVALID}rows of unequal length: pad them with to_tensor(); {_WHAT}")
    if isinstance(ids, EncodedSplit):
        raise InputError(
            "a split is not in batches yet: give sv.data.training_batches(split, batch_size, seed) "
            "or sv.data.evaluation_batches(split, batch_size)[0]"
        )
    try:
        array = np.asarray(ids)
    except ValueError as error:
        raise InputError(f"{_INVALID}rows of unequal length: pad them; {_WHAT}") from error
    if array.dtype == object and not all(isinstance(each, str | bytes) for each in array.flat):
        raise InputError(
            f"{_INVALID}{type(array.flat[0]).__name__} instead of whole numbers, or rows of "
            f"unequal length; {_WHAT}"
        )
    return array


def _check_type(dtype, rank):
    if dtype == tf.string:
        raise InputError(_TOKENISE)
    if not dtype.is_integer:
        raise InputError(f"{_INVALID}{dtype.name} instead of whole numbers; {_WHAT}")
    if rank not in (2, None):
        unbatched = ": call .batch(n) on the dataset, or add a dimension" if rank == 1 else ""
        raise InputError(f"{_INVALID}{rank} dimensions instead of 2{unbatched}; {_WHAT}")


def _rules(ids, vocabulary_size):
    """Conditions of a batch, bool scalars, each with what is wrong where it does not hold."""
    real = ids != PAD_ID
    lengths = tf.math.count_nonzero(real, axis=1)
    last = tf.gather(ids, tf.maximum(lengths - 1, 0), axis=1, batch_dims=1)
    # The size may be beyond what the type of the ids holds.
    is_id = (ids >= 0) & (tf.cast(ids, tf.int64) < vocabulary_size)
    return [
        (
            tf.shape(ids)[1] > 1,
            f"rows of fewer than 2 ids; {_WHAT}",
        ),
        (
            tf.reduce_all(is_id),
            f"an id is outside of the vocabulary of {vocabulary_size} tokens, 0 to "
            f"{vocabulary_size - 1}: give ids of the tokenizer",
        ),
        (
            tf.reduce_all(lengths > 0),
            f"a row is all padding: leave it out; {_WHAT}",
        ),
        (
            tf.reduce_all(real[:, :-1] | ~real[:, 1:]),
            f"a row has padding before a word; {_WHAT}",
        ),
        (
            tf.reduce_all(ids[:, :1] == START_ID),
            f"a row does not begin with <s>; {_WHAT}",
        ),
        (
            tf.reduce_all(last == END_ID),
            f"a row does not end with </s>; {_WHAT}",
        ),
    ]
