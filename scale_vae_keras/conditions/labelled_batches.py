"""What `fit` of a model with a condition is given: ids with labels."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from scale_vae_keras.conditions.label_numbers import (
    UNLABELLED,
    check_numbers,
    label_numbers,
    numbers_known,
)
from scale_vae_keras.data.checked_py_dataset import checked_py_dataset
from scale_vae_keras.data.input_checks import as_ids, batch_assertion, holds_sentences
from scale_vae_keras.errors import InputError
from scale_vae_keras.training.sample_weight import weights_for

_BATCH = 32
_WHAT = "give batches of (ids, labels) or of (ids, labels, sample_weight)"


def number_array(model: Any, labels: Any, rows: int) -> np.ndarray:
    """Labels of sentences in an array as numbers, int32 `[rows]`; an empty name is none.

    Args:
        model: a model with a condition.
        labels: names or numbers, one for each sentence.
        rows: how many sentences there are.

    Raises:
        InputError: there is not one for each sentence, or one is unknown.
    """
    if labels is None:
        raise InputError(f"the labels are missing: {_WHAT}")
    values = np.asarray(labels)
    if values.shape != (rows,):
        raise InputError(f"{rows} sentences need labels [{rows}], got {list(values.shape)}")
    numbers = values
    if values.dtype.kind not in "iu":
        if any(each is None or each != each for each in values.tolist()):
            raise InputError("a label is missing: a sentence without one has '' or the number -1")
        numbers = np.full(rows, UNLABELLED)
        known = np.array([each not in ("", b"") for each in values.tolist()], bool)
        numbers[known] = label_numbers(values[known], model.labels, int(known.sum()))
    check_numbers(numbers, len(model.labels), model.classifier is not None)
    return numbers.astype(np.int32)


def batches_of_arrays(
    model: Any,
    ids: Any,
    labels: Any,
    weights: Any = None,
    batch_size: int | None = None,
    shuffle: bool = False,
) -> tf.data.Dataset:
    """Batches `(ids, labels)`, or `(ids, labels, weights)`, of sentences in arrays.

    Args:
        model: a model with a condition.
        ids: `[sentences, time]`.
        labels: names or numbers, one for each sentence.
        weights: one for each sentence, or None.
        batch_size: sentences of a batch; 32 by default.
        shuffle: whether to put the sentences in a new order at each pass.

    Raises:
        InputError: it is not a batch, there is not one of each for each sentence, or a label is
            unknown.
    """
    ids = as_ids(ids, model.vocabulary_size)
    parts = (ids, number_array(model, labels, len(ids)))
    if weights is not None:
        parts = (*parts, weights_for(ids, weights))
    sentences = tf.data.Dataset.from_tensor_slices(parts)
    if shuffle:
        sentences = sentences.shuffle(len(ids))
    return sentences.batch(batch_size or _BATCH)


def with_labels(model: Any, arguments: dict[str, Any], training: bool) -> dict[str, Any]:
    """The arguments of `fit` or `evaluate` with the labels in the batches.

    Args:
        model: a model with a condition.
        arguments: by name.
        training: whether they are those of `fit`.

    Raises:
        InputError: labels are missing or unknown, or there is a class weight.
    """
    arguments = dict(arguments)
    if arguments.get("class_weight") is not None:
        raise InputError("class_weight has no meaning here: give sample_weight")
    size = arguments.get("batch_size")
    x = arguments.get("x")
    if holds_sentences(x):
        shuffle = training and arguments.pop("shuffle", True)
        labels, weights = arguments.pop("y", None), arguments.pop("sample_weight", None)
        arguments["x"] = batches_of_arrays(model, x, labels, weights, size, shuffle)
        arguments.pop("batch_size", None)
        if training:
            arguments["shuffle"] = False
    validation = arguments.get("validation_data")
    if isinstance(validation, tuple):
        parts = keras.utils.unpack_x_y_sample_weight(validation)
        size = arguments.get("validation_batch_size") or size
        arguments["validation_data"] = batches_of_arrays(model, *parts, size)
    return arguments


def checked_labels(data: Any, labels: int, unlabelled: bool) -> Any:
    """A dataset whose numbers of labels are checked as they are read.

    Args:
        data: batches `(ids, labels, ...)`; what is neither a `tf.data.Dataset`, a generator nor a
            `keras.utils.PyDataset` is returned as it is.
        labels: how many labels there are.
        unlabelled: whether a sentence may lack its label, number `UNLABELLED`.

    Raises:
        InputError: the batches hold no whole numbers beside the ids.
    """
    if isinstance(data, Iterator):
        return (_with_checked_numbers(batch, labels, unlabelled) for batch in data)
    if isinstance(data, keras.utils.PyDataset):
        check = partial(_with_checked_numbers, labels=labels, unlabelled=unlabelled)
        return checked_py_dataset(data, check)
    if not isinstance(data, tf.data.Dataset):
        return data
    element = data.element_spec
    spec = element[1] if isinstance(element, tuple) and len(element) > 1 else None
    if not isinstance(spec, tf.TensorSpec) or not spec.dtype.is_integer:
        raise _no_numbers()
    least, message = numbers_known(labels, unlabelled)

    @tf.autograph.experimental.do_not_convert
    def check(ids, numbers, *rest):
        numbers = tf.cast(numbers, tf.int64)
        valid = tf.reduce_all((numbers >= least) & (numbers < labels))
        with tf.control_dependencies([batch_assertion(valid, message)]):
            return (ids, tf.cast(tf.identity(numbers), tf.int32), *rest)

    return data.map(check)


def _no_numbers():
    return InputError(
        f"a model with a condition trains on sentences with labels: {_WHAT}, where labels are "
        "numbers, the places of their names; names are for arrays, fit(ids, names)"
    )


def _with_checked_numbers(batch, labels, unlabelled):
    numbers = keras.utils.unpack_x_y_sample_weight(batch)[1]
    if numbers is None or (numbers := np.asarray(numbers)).dtype.kind not in "iu":
        raise _no_numbers()
    check_numbers(numbers, labels, unlabelled, "invalid batch: ")
    return batch
