"""Posteriors of a whole data set."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf


class Encoded(NamedTuple):
    """Posteriors of sentences in the order of the data set, float32 `[sentences, latent]`.

    Attributes:
        mean: mean of the posterior that the decoder samples from.
        log_var: its log variance.
        unscaled_mean: mean of the encoder's own posterior, which the KL is charged on.
    """

    mean: np.ndarray
    log_var: np.ndarray
    unscaled_mean: np.ndarray


@tf.function(reduce_retracing=True)
def _encode(model, ids):
    sampled, charged = model.posteriors(model.posterior(ids), training=False)
    return Encoded(sampled.mean, sampled.log_var, charged.mean)


def encode_dataset(model, dataset: tf.data.Dataset) -> Encoded:
    """Encodes every sentence, without batch statistics.

    Args:
        model: a model with `posterior` and `posteriors`.
        dataset: batches of int32 ids `[batch, time]`.
    """
    parts = [_encode(model, ids) for ids in dataset]
    return Encoded(*(np.concatenate(part) for part in zip(*parts, strict=True)))
