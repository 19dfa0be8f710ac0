"""Posteriors of a whole data set."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.data.input_checks import batch_errors, ids_of_batches
from scale_vae_keras.errors import DivergedError, InputError
from scale_vae_keras.layers.graphs import graph_of, needs_autograph
from scale_vae_keras.text.vocabulary import PAD_ID

_BATCH_SIZE = 512

_Batch = tuple[np.ndarray, np.ndarray | None]


class Encoded(NamedTuple):
    """Posteriors of sentences in the order of the data set, float32 `[sentences, latent]`.

    Attributes:
        mean: mean of the posterior that the decoder samples from.
        log_var: its log variance.
        unscaled_mean: mean of the posterior that the KL is charged on; differs only for Scale-VAE.
        unscaled_log_var: its log variance.

    Example:
        >>> model = sv.ScaleVAE(9, latent_dim=2, embedding_dim=3, units=4)
        >>> encode_dataset(model, [[1, 4, 5, 2], [1, 6, 2, 0]]).mean.shape
        (2, 2)
    """

    mean: np.ndarray
    log_var: np.ndarray
    unscaled_mean: np.ndarray
    unscaled_log_var: np.ndarray


def check_finite(encoded: Encoded) -> None:
    """Refuses posteriors that are not finite.

    Raises:
        InputError: an entry of `mean` or `log_var` is not finite.
    """
    if not np.all(np.isfinite(encoded.mean)) or not np.all(np.isfinite(encoded.log_var)):
        raise DivergedError("a posterior is not finite: the model has diverged, train it again")


def encode_dataset(model, dataset: Any) -> Encoded:
    """Encodes every sentence, without batch statistics.

    The graph is made once for each model.

    Args:
        model: a model with `posterior` and `posteriors`.
        dataset: batches of ids `[batch, time]`, or ids as an array or nested lists; with their
            labels, `(ids, labels)`, where the posterior reads them.

    Raises:
        InputError: there is no batch, or one is invalid, see `data/input_checks.py`, or lacks its
            labels.
    """
    return _encode(model, _large(ids_of_batches(dataset, model.vocabulary_size)))


def _large(batches: Iterable[tuple[tf.Tensor, tf.Tensor | None]]) -> Iterator[_Batch]:
    """Neighbours put together while they have `_BATCH_SIZE` rows at most: fewer, faster steps."""
    held: list[_Batch] = []
    for batch in batches:
        ids, labels = (None if part is None else np.asarray(part) for part in batch)
        if held and sum(len(each) for each, _ in held) + len(ids) > _BATCH_SIZE:
            yield _stacked(held)
            held = []
        held.append((ids, labels))
    if held:
        yield _stacked(held)


def _stacked(batches: list[_Batch]) -> _Batch:
    width = max(ids.shape[1] for ids, _ in batches)
    padded = [
        np.pad(ids, [(0, 0), (0, width - ids.shape[1])], constant_values=PAD_ID)
        for ids, _ in batches
    ]
    labels = [each for _, each in batches if each is not None]
    return np.concatenate(padded), np.concatenate(labels) if labels else None


def _encode(model, batches):
    reads = model.encoder_reads_label

    def make():
        types = [tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None], tf.int32)]

        def encode(ids, *label):
            posterior = model.posterior(ids, label=label[0]) if label else model.posterior(ids)
            sampled, charged = model.posteriors(posterior, training=False)
            return Encoded(sampled.mean, sampled.log_var, charged.mean, charged.log_var)

        return tf.function(
            encode,
            input_signature=types if reads else types[:1],
            autograph=needs_autograph(model, model.encoder),
        ).get_concrete_function()

    model.ensure_built()
    graph = graph_of(model, "encode", make)
    with batch_errors():
        parts = [
            graph(ids, model.numbers_of(labels, len(ids))) if reads else graph(ids)
            for ids, labels in batches
        ]
    if not parts:
        raise InputError("there is no sentence to encode: the data has no batch")
    return Encoded(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def condition_of(model, split: EncodedSplit) -> np.ndarray | None:
    """The numbers of the labels that a model's likelihoods are given, None without a condition.

    Args:
        model: a text VAE or the language model of this package.
        split: sentences, with numbers of labels where the model has a condition.

    Raises:
        InputError: a label is missing.
    """
    if not model.labels:
        return None
    numbers = split.label_numbers
    if numbers is None or np.any(numbers < 0):
        count = split.sentences if numbers is None else int(np.count_nonzero(numbers < 0))
        raise InputError(
            f"a likelihood of this model is given a label, and {count:,} sentences have none: "
            "label them or leave them out"
        )
    return numbers


def encode_sentences(model, split: EncodedSplit) -> Encoded:
    """Encodes the sentences of a split, in the order of the corpus.

    The posteriors of a language model, which has no latent code, have no dimensions.

    Raises:
        InputError: it is no split.
    """
    if not isinstance(split, EncodedSplit):
        raise InputError(
            f"the sentences are of type {type(split).__name__}: give a split of "
            'sv.data.encode_split(corpus, "test", tokenizer)'
        )
    if not model.latent_dim:
        return Encoded(*np.zeros([4, split.sentences, 0], np.float32))
    batches, place = _by_length(split)
    return Encoded(*(part[place] for part in _encode(model, batches)))


def _by_length(split: EncodedSplit) -> tuple[Iterator[_Batch], np.ndarray]:
    """Batches of similar length, and where in all of them together each sentence is."""
    order = np.argsort(split.lengths, kind="stable")
    numbers = split.label_numbers

    def batches():
        for at in range(0, split.sentences, _BATCH_SIZE):
            rows = order[at : at + _BATCH_SIZE]
            yield split.padded(rows), None if numbers is None else numbers[rows]

    return batches(), np.argsort(order)


def label_probabilities(model, split: EncodedSplit) -> np.ndarray:
    """A classifier's q(label | text) of the sentences of a split, float32 `[sentences, labels]`.

    Args:
        model: a semi-supervised text VAE.
        split: the sentences.
    """
    graph = label_graph(model)
    batches, place = _by_length(split)
    return np.concatenate([graph(ids) for ids, _ in batches])[place]


def label_graph(model) -> Callable[[tf.Tensor], tf.Tensor]:
    """The graph of a model's `label_probabilities`, of ids int32 `[batch, time]`."""
    return graph_of(
        model,
        "label probabilities",
        lambda: tf.function(
            model.label_probabilities,
            input_signature=[tf.TensorSpec([None, None], tf.int32)],
            autograph=needs_autograph(model, model.encoder),
        ),
    )
