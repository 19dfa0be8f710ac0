"""Posteriors of some of the sentences of a data set."""

from collections.abc import Callable, Iterable

import keras
import numpy as np

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.posterior import Posterior


def first_posteriors(encode: Callable[..., Posterior], batches: Iterable, limit: int) -> Posterior:
    """Posteriors of the first sentences, float32 arrays `[sentences, latent]`.

    Args:
        encode: gives the posteriors of int32 ids `[batch, time]`, and of numbers of labels where
            the batches have them.
        batches: ids, with or without labels and weights of the sentences.
        limit: maximum number of sentences, at least 1.

    Raises:
        InputError: there is no sentence.
    """
    means, log_vars, count = [], [], 0
    for batch in batches:
        ids, labels, _ = keras.utils.unpack_x_y_sample_weight(batch)
        own = () if labels is None else (labels[: limit - count],)
        posterior = encode(ids[: limit - count], *own)
        means.append(posterior.mean)
        log_vars.append(posterior.log_var)
        count += len(posterior.mean)
        if count >= limit:
            break
    if not count:
        raise InputError("there is no sentence to fit the prior to")
    return Posterior(np.concatenate(means), np.concatenate(log_vars))
