"""Posteriors of a whole data set."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.data.input_checks import ids_of_batches
from scale_vae_keras.errors import DivergedError
from scale_vae_keras.layers.graphs import graph_of, needs_autograph
from scale_vae_keras.text.vocabulary import PAD_ID

_BATCH_SIZE = 512


class Encoded(NamedTuple):
    """Posteriors of sentences in the order of the data set, float32 `[sentences, latent]`.

    Attributes:
        mean: mean of the posterior that the decoder samples from.
        log_var: its log variance.
        unscaled_mean: mean of the posterior that the KL is charged on; differs in Scale-VAE alone.
        unscaled_log_var: its log variance.
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
        dataset: batches of ids `[batch, time]`, or ids as an array or nested lists.

    Raises:
        InputError: a batch is invalid, see `data/input_checks.py`.
    """
    return _encode(model, _large(ids_of_batches(dataset, model.vocabulary_size)))


def _large(batches: Iterable[tf.Tensor]) -> Iterator[np.ndarray]:
    """Neighbours put together while they have `_BATCH_SIZE` rows at most: fewer, faster steps."""
    held: list[np.ndarray] = []
    for ids in map(np.asarray, batches):
        if held and sum(map(len, held)) + len(ids) > _BATCH_SIZE:
            yield _stacked(held)
            held = []
        held.append(ids)
    if held:
        yield _stacked(held)


def _stacked(batches: list[np.ndarray]) -> np.ndarray:
    width = max(ids.shape[1] for ids in batches)
    padded = [
        np.pad(ids, [(0, 0), (0, width - ids.shape[1])], constant_values=PAD_ID) for ids in batches
    ]
    return np.concatenate(padded)


def _encode(model, batches):
    def make():
        def encode(ids):
            sampled, charged = model.posteriors(model.posterior(ids), training=False)
            return Encoded(sampled.mean, sampled.log_var, charged.mean, charged.log_var)

        return tf.function(
            encode,
            input_signature=[tf.TensorSpec([None, None], tf.int32)],
            autograph=needs_autograph(model, model.encoder),
        ).get_concrete_function()

    model.ensure_built()
    graph = graph_of(model, "encode", make)
    parts = [graph(ids) for ids in batches]
    return Encoded(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def encode_sentences(model, split: EncodedSplit) -> Encoded:
    """Encodes the sentences of a split, in the order of the corpus.

    The posteriors of a language model, which has no latent code, have no dimensions.
    """
    if not model.decoder.latent_dim:
        return Encoded(*np.zeros([4, split.sentences, 0], np.float32))
    order = np.argsort(split.lengths, kind="stable")
    starts = range(0, split.sentences, _BATCH_SIZE)
    rows = _encode(model, (split.padded(order[at : at + _BATCH_SIZE]) for at in starts))
    place = np.argsort(order)
    return Encoded(*(part[place] for part in rows))
