"""Quality of sentences in the style of the corpus `reviews`, measured exactly by its grammar."""

from collections.abc import Sequence
from typing import NamedTuple

from scale_vae_keras.built_in.reviews import ReviewGrammar
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.review_distance import words_off


class GrammarShares(NamedTuple):
    """Shares of some texts, from 0 to 1.

    Attributes:
        exact: share that are sentences of the grammar.
        within_one_word: share that are such sentences, or become one when a word is substituted,
            inserted or deleted.
    """

    exact: float
    within_one_word: float


def grammar_shares(grammar: ReviewGrammar, texts: Sequence[str]) -> GrammarShares:
    """The shares of texts that a grammar generates, exactly or up to one word.

    Args:
        grammar: the grammar.
        texts: at least one text, words separated by single spaces.

    Raises:
        InputError: there is no text.
    """
    if not texts:
        raise InputError("the share of sentences of the grammar is of texts: give at least one")
    distances = [words_off(grammar, text) for text in texts]
    found = sum(distance is not None for distance in distances)
    return GrammarShares(distances.count(0) / len(texts), found / len(texts))


def kept_share(
    grammar: ReviewGrammar,
    originals: Sequence[str],
    copies: Sequence[str],
    factors: Sequence[str] = ("aspect", "sentiment"),
) -> float:
    """The share of copies that say the same of some factors as their originals, from 0 to 1.

    A copy that is not a sentence of the grammar counts as saying nothing.

    Args:
        grammar: the grammar.
        originals: sentences of the grammar, at least one.
        copies: a text for each of them.
        factors: names of the factors that must be the same, all of them.

    Raises:
        InputError: the numbers of texts differ or are 0, or an original is not of the grammar.
    """
    if len(originals) != len(copies) or not originals:
        raise InputError(
            f"{len(copies)} copies of {len(originals)} sentences: give as many, and at least one"
        )
    kept = 0
    for original, copy in zip(originals, copies, strict=True):
        said = grammar.parse(original)
        if words_off(grammar, copy, 0) == 0:
            copied = grammar.parse(copy)
            kept += all(said[name] == copied[name] for name in factors)
    return kept / len(originals)
