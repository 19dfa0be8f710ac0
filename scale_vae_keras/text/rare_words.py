"""Chooses the words to leave out so that a model learns to expect unknown ones."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from scale_vae_keras.settings import whole_number
from scale_vae_keras.text.vocabulary import MARKERS, SPECIALS

_LARGEST = 10


class UnknownShares(NamedTuple):
    """How much of text is `<unk>` for a counted vocabulary.

    Attributes:
        min_count: a word that occurs less often in train is left out.
        train: share of train's words that are unknown, in [0, 1]; NaN where train has no word.
        unseen: the same of unseen text of the same kind, estimated.
    """

    min_count: int
    train: float
    unseen: float


def choose_min_count(counts: Mapping[str, int], limit: int | None = None) -> UnknownShares:
    """The smallest `min_count` that lets a model learn `<unk>` as often as it will meet it.

    That is the smallest one from 1 on with which train's share of unknown words is at least half
    the share in unseen text. The latter is estimated by leaving one out: an occurrence of a word is
    unknown if the word is not in the vocabulary of the rest of train. With all words kept this is
    Good's (1953) estimate of the unseen mass, the number of words that occur once over the number
    of all. Usually 2 is chosen; 1 where every word is frequent, where `limit` cuts rarer words
    anyway, or where train has markers of unknown words already.

    Args:
        counts: how often each word occurs in train.
        limit: the largest size of the vocabulary, its four special tokens included.
    """
    shares = unknown_shares(counts, 1, limit)
    for min_count in range(1, _LARGEST + 1):
        if all(count < min_count for word, count in counts.items() if word not in MARKERS):
            break
        shares = unknown_shares(counts, min_count, limit)
        if 2 * shares.train >= shares.unseen:
            break
    return shares


def unknown_shares(
    counts: Mapping[str, int], min_count: int, limit: int | None = None
) -> UnknownShares:
    """The shares of unknown words for `Vocabulary.from_counts(counts, limit, min_count)`.

    Args:
        counts: how often each word occurs in train.
        min_count: a word that occurs less often is left out.
        limit: the largest size of the vocabulary, its four special tokens included.
    """
    total = sum(counts.values()) or math.nan
    candidates = sorted(
        (n for word, n in counts.items() if n >= min_count and word not in MARKERS), reverse=True
    )
    room = None if limit is None else max(whole_number("limit", limit) - len(SPECIALS), 0)
    kept = candidates[:room]
    # A word that is no more frequent than this falls out when one of its occurrences is left out.
    threshold = max([min_count, *candidates[len(kept) : len(kept) + 1]])
    certain = sum(n for n in kept if n > threshold)
    return UnknownShares(min_count, 1 - sum(kept) / total, 1 - certain / total)
