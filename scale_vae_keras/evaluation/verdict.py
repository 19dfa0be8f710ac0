"""Warnings about a run when training ends."""

import math
from collections.abc import Mapping, Sequence
from itertools import chain

import keras
import numpy as np

from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.samplers.sampler import MAX_LENGTH
from scale_vae_keras.text.vocabulary import END_ID, START_ID

_SETTLED = 0.1
_ENDING_SHARE = 0.9
_SENTENCES = 200
_MORE_STEPS = (
    "train for more steps (elsewhere it took some 3,000, or a third of that with a pooling encoder)"
)


def unigram_nll(training: EncodedSplit, sentences: EncodedSplit) -> float:
    """Nats per sentence of a model that only knows the frequencies of words.

    The negative log-likelihood of the sentences, their ends counted, with the shares of words and
    ends in the training sentences, each counted once more than it occurs.

    Args:
        training: sentences that the words are counted in.
        sentences: sentences that are measured.
    """
    # the start of a sentence is not predicted
    measured = np.delete(sentences.tokens, sentences.offsets[:-1])
    size = max(int(each.max()) for each in chain([measured], training.token_blocks())) + 1
    found = sum(np.bincount(each, minlength=size) for each in training.token_blocks())
    found[START_ID] -= training.sentences
    counts = 1.0 + found
    return float(-np.sum(np.log(counts[measured] / counts.sum())) / sentences.sentences)


def training_verdict(
    history: Mapping[str, Sequence[float]],
    model: keras.Model,
    unigram: float,
    max_length: int = MAX_LENGTH,
    seed: int = 0,
) -> list[str]:
    """Lines that say what is wrong with a finished run; none if nothing is.

    - f-bar of a Scale-VAE has not settled: an entry changed by over 10 % in the last epoch, or
      there was only one epoch, so that this is unknown.
    - The reconstruction has not passed the unigram entropy: the decoder has learnt no more than how
      often words occur.
    - Over a tenth of 200 sentences from the prior do not end within `max_length` tokens.

    Args:
        history: the logs of each epoch by name, as `fit(...).history`, with those of
            `LatentMonitor` for a Scale-VAE.
        model: the trained model; its prior, if it is one that is fitted, is fitted.
        unigram: `unigram_nll` of the validation sentences, or of the training sentences where the
            history has no validation.
        max_length: maximum number of tokens per written sentence, including `</s>`.
        seed: seed of the sentences.
    """
    lines = [
        _unsettled(history, model),
        _unlearnt(history, unigram),
        _endless(model, max_length, seed),
    ]
    return [line for line in lines if line is not None]


def _unsettled(history, model):
    if "factor_mean" not in history:
        return None
    change = (history.get("factor_change") or [math.nan])[-1]
    if change <= _SETTLED:
        return None
    how = (
        "was measured in one epoch only"
        if math.isnan(change)
        else f"changed by {100 * change:.0f} % in the last epoch"
    )
    pools = getattr(model, "pooling", "last") != "last"
    advice = _MORE_STEPS if pools else f'{_MORE_STEPS}, or set pooling to "max"'
    return f"the factor of Scale-VAE has not settled, it {how}: {advice}"


def _unlearnt(history, unigram):
    name = "val_reconstruction" if "val_reconstruction" in history else "reconstruction"
    last = history[name][-1]
    if last < unigram:
        return None
    return (
        f"the reconstruction, {last:.1f} nats per sentence, has not passed the {unigram:.1f} that "
        "word frequencies alone achieve: train for more steps or with a higher learning rate"
    )


def _endless(model, max_length, seed):
    label = model.labels_in_turn(_SENTENCES)
    ids = model.generate(_SENTENCES, seed, max_length=max_length, label=label).ids.numpy()
    ended = float(np.mean(np.any(ids == END_ID, axis=1)))
    if ended >= _ENDING_SHARE:
        return None
    return (
        f"only {100 * ended:.0f} % of {_SENTENCES} sentences from the prior end within "
        f"{max_length} tokens: train for more steps"
    )
