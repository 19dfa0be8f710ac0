import math
import random
from collections import Counter

import pytest

from scale_vae_keras.text.rare_words import choose_min_count, unknown_shares
from scale_vae_keras.text.vocabulary import Vocabulary


def left_out(words, min_count, limit):
    """Shares of unknown words, by leaving out every occurrence in turn."""
    unknown = unseen = 0
    whole = set(Vocabulary.from_counts(Counter(words), limit, min_count).tokens)
    for place, word in enumerate(words):
        counts = Counter(words[:place] + words[place + 1 :])
        rest = set(Vocabulary.from_counts(counts, limit, min_count).tokens)
        unknown += word not in whole
        unseen += word not in rest
    return unknown / len(words), unseen / len(words)


@pytest.mark.parametrize("min_count", [1, 2, 3])
def test_shares_are_those_of_leaving_one_out(min_count):
    words = [*"aaaaabbbbcccddeefgh", "_UNK"]
    shares = unknown_shares(Counter(words), min_count)
    assert (shares.train, shares.unseen) == pytest.approx(left_out(words, min_count, None))
    assert shares.min_count == min_count


def test_a_limit_is_part_of_the_estimate():
    # A word that is as frequent as one that is left out falls out with one occurrence.
    words = [*"aaaaabbbbccde"]
    for limit in (5, 6, 7):
        shares = unknown_shares(Counter(words), 1, limit)
        assert (shares.train, shares.unseen) == pytest.approx(left_out(words, 1, limit))


@pytest.mark.parametrize(
    ("counts", "limit", "expected"),
    [
        # No word is rare: nothing is left out.
        ({"a": 5, "b": 3, "c": 2}, None, (1, 0.0, 0.0)),
        # Four words once, one twice: 4 / 20 in train, and (4 + 2) / 20 in unseen text.
        ({"a": 14, "b": 2, "c": 1, "d": 1, "e": 1, "f": 1}, None, (2, 0.2, 0.3)),
        # One word once, two twice: 1 / 20 is less than half of 5 / 20, 5 / 20 of 8 / 20 is not.
        ({"a": 12, "b": 3, "c": 2, "d": 2, "e": 1}, None, (3, 0.25, 0.4)),
        # The limit leaves words out already.
        ({"a": 10, "b": 6, "c": 2, "d": 1, "e": 1}, 6, (1, 0.2, 0.2)),
        # The text has markers of unknown words already.
        ({"a": 10, "_UNK": 4, "<unk>": 4, "b": 1, "c": 1}, None, (1, 0.4, 0.5)),
        # Every word is rare.
        ({"a": 1, "b": 1}, None, (1, 0.0, 1.0)),
    ],
)
def test_the_choice(counts, limit, expected):
    assert choose_min_count(counts, limit) == pytest.approx(expected)


def test_no_words():
    shares = choose_min_count({})
    assert shares.min_count == 1
    assert math.isnan(shares.train)


def test_the_estimate_is_near_the_share_of_text_that_was_not_seen():
    draw = random.Random(0)
    weights = [1 / rank for rank in range(1, 5001)]
    train, unseen = (draw.choices(range(5000), weights, k=20_000) for _ in range(2))
    counts = Counter(map(str, train))
    shares = choose_min_count(counts)
    vocabulary = set(Vocabulary.from_counts(counts, None, shares.min_count).tokens)
    unknown = sum(str(word) not in vocabulary for word in unseen) / len(unseen)
    assert unknown == pytest.approx(shares.unseen, rel=0.1)
    assert unknown / 2 <= shares.train <= unknown
