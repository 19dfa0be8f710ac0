"""A few sentences that show what a model writes."""

from typing import NamedTuple

import keras
import numpy as np

from scale_vae_keras.layers.interpolation import between
from scale_vae_keras.samplers.sampler import MAX_LENGTH
from scale_vae_keras.samplers.serialization import DEFAULT_SAMPLER
from scale_vae_keras.text.tokenizer import Tokenizer

_STEPS = 5
_PAIRS = 3


class TextSamples(NamedTuple):
    """What a model wrote.

    Attributes:
        prior: sentences from the prior.
        reconstructions: each original as written again from its posterior mean.
        interpolations: five sentences on each line between the posterior means of two originals,
            the first and the second, the third and the fourth, the fifth and the sixth.
    """

    prior: list[str]
    reconstructions: list[str]
    interpolations: list[list[str]]


def write_samples(
    model: keras.Model,
    tokenizer: Tokenizer,
    means: np.ndarray,
    count: int = 8,
    seed: int = 0,
    max_length: int = MAX_LENGTH,
    labels: np.ndarray | None = None,
) -> TextSamples:
    """Writes sentences: from the prior by top-p sampling, the others greedily.

    Args:
        model: the model.
        tokenizer: turns ids into text.
        means: posterior means of the originals, `[originals, latent]`; no column for a language
            model, which then only writes from the prior.
        count: sentences from the prior.
        seed: seed of the sentences from the prior.
        max_length: maximum number of tokens per sentence, including `</s>`.
        labels: numbers of the originals' labels, int `[originals]`, for a model with a condition,
            which writes from the prior for all labels in turn, each before its text, and between
            two originals with the label of the first; one that is not known counts as the first.
    """
    turn = model.labels_in_turn(count)
    prior = _texts(tokenizer, model.generate(count, seed, DEFAULT_SAMPLER, max_length, label=turn))
    if turn is not None:
        prior = [f"{model.labels[i]}: {text}" for i, text in zip(turn, prior, strict=True)]
    if not means.shape[1]:
        return TextSamples(prior, [], [])
    alpha = np.linspace(0, 1, _STEPS, dtype=np.float32)
    pairs = list(zip(means[::2], means[1::2], strict=False))[:_PAIRS]
    lines = [between(start[None], end[None], alpha) for start, end in pairs]
    label = None
    if model.labels:
        own = np.maximum(labels, 0)
        label = np.concatenate([own, np.repeat(own[::2][: len(pairs)], _STEPS)])
    codes = np.concatenate([means, *lines])
    decoded = model.decode(codes, max_length=max_length, label=label)
    written = _texts(tokenizer, decoded)
    first = len(means)
    return TextSamples(
        prior,
        written[:first],
        [written[first + n * _STEPS :][:_STEPS] for n in range(len(pairs))],
    )


def _texts(tokenizer, sentences):
    return [text.decode() for text in tokenizer.detokenize(sentences.ids).numpy()]
