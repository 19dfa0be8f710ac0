"""What the codes of validation sentences cost: with the reconstruction, a bound."""

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from scale_vae_keras.conditions.labelled_batches import number_array
from scale_vae_keras.data.input_checks import batch_errors, checked_batches
from scale_vae_keras.evaluation.encode import Encoded, label_graph

_SAMPLES = 8
_STREAM = 1


def validation_rate(model: keras.Model, encoded: Encoded, data: Any, seed: int) -> float:
    """The mean rate of sentences under the model's prior, in nats per sentence.

    The KL of the posterior that the decoder samples from to the prior, for a mixture estimated with
    eight samples of each posterior; of a sentence without a label also
    KL(q(label | text) || p(label)), which is part of the bound of its likelihood. Sentences count
    by their `sample_weight`.

    Args:
        model: a text VAE.
        encoded: the posteriors of the sentences.
        data: the sentences, batches of ids, `(ids, labels)` or `(ids, labels, sample_weight)`.
        seed: seed of the samples.

    Returns:
        The mean; NaN where all weights are 0.

    Raises:
        InputError: the prior is not fitted, or a semi-supervised model is not given the numbers of
            the labels.
    """
    rates = _rates(model.prior, encoded, seed)
    if model.classifier is None and not _may_have_weights(data):
        return float(rates.mean())
    costs, weights = [], []
    with batch_errors():
        for batch in checked_batches(data, model.vocabulary_size, batched=True):
            ids, labels, given = keras.utils.unpack_x_y_sample_weight(batch)
            weights.append(np.ones(len(ids)) if given is None else np.reshape(given, [-1]))
            if model.classifier is not None:
                costs.append(_label_costs(model, ids, labels))
    if costs:
        rates = rates + np.concatenate(costs)
    weights = np.concatenate(weights)
    return float(np.sum(weights * rates) / np.sum(weights)) if np.any(weights) else math.nan


def _may_have_weights(data):
    if isinstance(data, tf.data.Dataset):
        return isinstance(data.element_spec, tuple) and len(data.element_spec) == 3
    return isinstance(data, keras.utils.PyDataset)


def _rates(prior, encoded, seed):
    prior.check_fitted()
    if prior.closed_form:
        return prior.kl(encoded.mean, encoded.log_var).numpy()
    random = np.random.default_rng([seed, _STREAM])
    stddev = np.exp(0.5 * encoded.log_var)
    rates = []
    for _ in range(_SAMPLES):
        z = encoded.mean + stddev * random.standard_normal(stddev.shape, np.float32)
        rates.append(prior.rate(encoded.mean, encoded.log_var, z).numpy())
    return np.mean(rates, axis=0)


def _label_costs(model, ids, labels):
    """KL(q(label | text) || p(label)) of sentences without a label, 0 of others."""
    numbers = number_array(model, labels, len(ids))
    q = label_graph(model)(ids)
    divergence = tf.reduce_sum(tf.math.xlogy(q, q), axis=1) + math.log(len(model.labels))
    return np.where(numbers < 0, divergence, 0.0)
