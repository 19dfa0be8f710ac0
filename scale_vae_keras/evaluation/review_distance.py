"""How many words lie between a text and the nearest sentence of a review grammar."""

from collections.abc import Iterator, Mapping, Sequence

from scale_vae_keras.built_in.review_lexicon import Production
from scale_vae_keras.built_in.reviews import START_STATE, ReviewGrammar
from scale_vae_keras.settings import whole_number

_Values = Mapping[str, frozenset[str]]


def words_off(grammar: ReviewGrammar, text: str, most: int = 1) -> int | None:
    """The number of words to change before a text is a sentence of the grammar.

    The edit distance in words: the least number of words to substitute, insert or delete. It is
    exact, and found without listing the sentences: phrase by phrase, with the factor values that
    the phrases so far allow.

    Args:
        grammar: the grammar.
        text: words separated by single spaces.
        most: the largest distance that is looked for, at least 0. The search takes time that grows
            fast with it.

    Returns:
        0 for a sentence of the grammar, up to `most`; None if every sentence is further away.

    Raises:
        InputError: `most` is negative.

    Example:
        >>> words_off(ReviewGrammar(), "i found the soup very very tasty .")
        1
    """
    most = whole_number("the largest distance", most, 0)
    values = {name: frozenset(values) for name, values in grammar.factors.items()}
    words = tuple(text.split(" "))
    for edits in range(most + 1):
        if _can_end(grammar, START_STATE, words, values, edits):
            return edits
    return None


def _can_end(
    grammar: ReviewGrammar, state: str | None, words: Sequence[str], values: _Values, edits: int
) -> bool:
    """Whether the words can be read from a state on to the end with at most this many edits."""
    if state is None:
        return len(words) <= edits
    for production in grammar.states[state]:
        left = _agreeing(production, values)
        if left is None:
            continue
        for phrase in production.phrases:
            for length, used in _readings(phrase.split(" "), words, edits):
                if _can_end(grammar, production.then, words[length:], left, edits - used):
                    return True
    return False


def _agreeing(production: Production, values: _Values) -> _Values | None:
    """The factor values that a production leaves; None if it leaves none of a factor."""
    left = {name: values[name] & frozenset(wanted) for name, wanted in production.when.items()}
    return {**values, **left} if all(left.values()) else None


def _readings(phrase: Sequence[str], words: Sequence[str], edits: int) -> Iterator[tuple[int, int]]:
    """(number of words read, edits used) of each way to read the first words as the phrase."""
    if not phrase:
        yield 0, 0
        return
    if words and words[0] == phrase[0]:
        for length, used in _readings(phrase[1:], words[1:], edits):
            yield length + 1, used
    if not edits:
        return
    for length, used in _readings(phrase[1:], words, edits - 1):  # one of its words is missing
        yield length, used + 1
    if words:
        for rest in (phrase[1:], phrase):  # another word stands for it, or before it
            for length, used in _readings(rest, words[1:], edits - 1):
                yield length + 1, used + 1
