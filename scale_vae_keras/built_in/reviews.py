"""The built-in corpus `reviews`: an English-like grammar whose log-probability is known exactly.

Every sentence is governed by independent, uniform factors (subject, aspect, sentiment, ...). Given
its factors it is built phrase by phrase, each phrase drawn uniformly from those that agree with the
factors. So the entropy of the corpus, which no model can beat, is known in nats.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from scale_vae_keras.built_in.review_lexicon import FACTORS, STATES, Production
from scale_vae_keras.errors import InputError
from scale_vae_keras.text.labelled_text import LabelledText

START_STATE = "opening"
_SPLITS = {"train": (20_000, 1), "valid": (2_000, 2), "test": (2_000, 3)}  # (sentences, seed)


class Review(NamedTuple):
    """A sentence with the factors that it was made from.

    Attributes:
        text: lower-case words separated by single spaces, ending in " .".
        factors: the value of every factor.
    """

    text: str
    factors: dict[str, str]


class ReviewGrammar:
    """A distribution over review sentences with known factors and exact probabilities.

    A sentence is written from state "opening" on. In each state one phrase is drawn uniformly from
    those whose production agrees with the factors; the production names the next state, and the
    last phrase ends in ".". Within a state no phrase begins another, so reading a sentence from the
    left finds one derivation at most.

    Attributes:
        factors: name of each factor -> its values, all equally likely, all independent.
        states: name of each state -> its productions.
    """

    def __init__(
        self,
        factors: Mapping[str, Sequence[str]] = FACTORS,
        states: Mapping[str, Sequence[Production]] = STATES,
    ):
        """Builds the grammar; by default the one of the corpus `reviews`.

        Args:
            factors: name of each factor -> its values.
            states: name of each state -> its productions; must have "opening".

        Raises:
            InputError: if in some state one phrase begins another (or is listed twice).
        """
        self.factors = {name: tuple(values) for name, values in factors.items()}
        self.states = {name: tuple(productions) for name, productions in states.items()}
        self._assignment_count = math.prod(map(len, self.factors.values()))
        self._production_of = {
            state: {tuple(phrase.split(" ")): p for p in productions for phrase in p.phrases}
            for state, productions in self.states.items()
        }
        self._longest_phrase = max(len(words) for p in self._production_of.values() for words in p)
        self._conditions = {
            state: tuple(name for name in self.factors if any(name in p.when for p in productions))
            for state, productions in self.states.items()
        }
        self._choices_cache: dict[tuple[str, ...], tuple[tuple[str, str | None], ...]] = {}
        for state, productions in self.states.items():
            _check_prefix_free(state, [phrase for p in productions for phrase in p.phrases])

    @classmethod
    def small(cls) -> "ReviewGrammar":
        """The same grammar cut down to the outer values of each factor, two phrases per production.

        Small enough to enumerate with `sentences()`.
        """
        factors = {name: (values[0], values[-1]) for name, values in FACTORS.items()}
        states = {
            state: [
                production._replace(phrases=production.phrases[:2])
                for production in productions
                if all(values & set(factors[name]) for name, values in production.when.items())
            ]
            for state, productions in STATES.items()
        }
        return cls(factors, states)

    def sample(self, count: int, seed: int) -> list[Review]:
        """Draws sentences.

        Args:
            count: number of sentences, independent of each other.
            seed: non-negative; the same seed gives the same sentences.

        Returns:
            `count` reviews.
        """
        rng = np.random.default_rng(seed)
        columns = [
            [values[index] for index in rng.integers(len(values), size=count)]
            for values in self.factors.values()
        ]
        uniforms = rng.random((count, len(self.states))).tolist()
        reviews = []
        for values, row in zip(zip(*columns, strict=True), uniforms, strict=True):
            factors = dict(zip(self.factors, values, strict=True))
            phrases = []
            state: str | None = START_STATE
            for uniform in row:
                choices = self._choices(state, factors)
                phrase, state = choices[int(uniform * len(choices))]
                phrases.append(phrase)
                if state is None:
                    break
            reviews.append(Review(" ".join(phrases), factors))
        return reviews

    def parse(self, text: str) -> dict[str, str]:
        """Reads the factors off a sentence.

        Args:
            text: a sentence as `sample` writes it.

        Returns:
            The value of every factor.

        Raises:
            InputError: if the grammar does not make the sentence.
        """
        assignments = self._assignments(self._derivation(text))
        if len(assignments) != 1:
            raise InputError(
                f"not a sentence of the review grammar: {text!r}; give one that sample() writes"
            )
        return assignments[0]

    def log_probability(self, text: str) -> float:
        """Exact log-probability of a sentence.

        Args:
            text: any string.

        Returns:
            log p(text) in nats, summed over all derivations; `-inf` if there is none.
        """
        derivation = self._derivation(text)
        probability = sum(
            math.prod(1 / len(self._choices(state, factors)) for state, _ in derivation)
            for factors in self._assignments(derivation)
        )
        if probability == 0:
            return -math.inf
        return math.log(probability) - math.log(self._assignment_count)

    def entropy(self) -> float:
        """Exact entropy of a sentence in nats.

        This is the entropy of the factors plus that of every choice of a phrase, weighted by the
        probability of coming to that choice; it presumes that sentences determine their factors, as
        those of this grammar do. A model that also predicts an end symbol cannot have a lower mean
        negative log-likelihood, because the symbol is certain after the final ".".
        """
        conditional = [
            self._remaining_entropy(START_STATE, factors) for factors in self._all_factors()
        ]
        return math.log(self._assignment_count) + math.fsum(conditional) / self._assignment_count

    def sentences(self) -> Iterator[tuple[str, float]]:
        """Enumerates all derivations; only feasible for a small grammar.

        Yields:
            The text and the probability of the derivation.
        """
        for factors in self._all_factors():
            for phrases, probability in self._continuations(START_STATE, factors):
                yield " ".join(phrases), probability / self._assignment_count

    def _choices(
        self, state: str, factors: Mapping[str, str]
    ) -> tuple[tuple[str, str | None], ...]:
        """All (phrase, next state) that agree with the factors."""
        key = (state, *[factors[name] for name in self._conditions[state]])
        if key not in self._choices_cache:
            self._choices_cache[key] = tuple(
                (phrase, production.then)
                for production in self.states[state]
                if all(factors[name] in values for name, values in production.when.items())
                for phrase in production.phrases
            )
        return self._choices_cache[key]

    def _derivation(self, text: str) -> list[tuple[str, Production]]:
        """The states passed and the productions used; empty if the words cannot be read."""
        words = text.split(" ")
        derivation = []
        state: str | None = START_STATE
        while state is not None:
            found = self._read(state, words)
            if found is None:
                return []
            length, production = found
            derivation.append((state, production))
            words = words[length:]
            state = production.then
        return [] if words else derivation

    def _read(self, state: str, words: Sequence[str]) -> tuple[int, Production] | None:
        """Length and production of the phrase that the words begin with, if any."""
        phrases = self._production_of[state]
        for length in range(1, self._longest_phrase + 1):
            production = phrases.get(tuple(words[:length]))
            if production is not None:
                return length, production
        return None

    def _assignments(self, derivation: list[tuple[str, Production]]) -> list[dict[str, str]]:
        """All values of the factors that a derivation allows."""
        if not derivation:
            return []
        allowed = [
            [v for v in values if all(v in p.when.get(name, values) for _, p in derivation)]
            for name, values in self.factors.items()
        ]
        return [dict(zip(self.factors, v, strict=True)) for v in itertools.product(*allowed)]

    def _all_factors(self) -> Iterator[dict[str, str]]:
        for values in itertools.product(*self.factors.values()):
            yield dict(zip(self.factors, values, strict=True))

    def _remaining_entropy(self, state: str | None, factors: Mapping[str, str]) -> float:
        if state is None:
            return 0.0
        next_states = [then for _, then in self._choices(state, factors)]
        return math.log(len(next_states)) + sum(
            next_states.count(then) / len(next_states) * self._remaining_entropy(then, factors)
            for then in set(next_states)
        )

    def _continuations(
        self, state: str | None, factors: Mapping[str, str]
    ) -> Iterator[tuple[tuple[str, ...], float]]:
        if state is None:
            yield (), 1.0
            return
        choices = self._choices(state, factors)
        for phrase, then in choices:
            for phrases, probability in self._continuations(then, factors):
                yield (phrase, *phrases), probability / len(choices)


def reviews_split(split: str) -> list[LabelledText]:
    """Sentences of one split of the corpus `reviews`, labelled with their sentiment.

    Args:
        split: "train" (20,000 sentences), "valid" or "test" (2,000 each), drawn independently.

    Returns:
        The sentences in a fixed order.

    Raises:
        InputError: if there is no such split.
    """
    if split not in _SPLITS:
        raise InputError(f"no split {split!r} in corpus 'reviews': use train, valid or test")
    count, seed = _SPLITS[split]
    return [
        LabelledText(review.factors["sentiment"], review.text)
        for review in ReviewGrammar().sample(count, seed)
    ]


def _check_prefix_free(state: str, phrases: Sequence[str]) -> None:
    ordered = sorted(phrase.split(" ") for phrase in phrases)
    for first, second in itertools.pairwise(ordered):
        if second[: len(first)] == first:
            raise InputError(
                f"in state {state!r} the phrase {' '.join(first)!r} begins {' '.join(second)!r}: "
                "reword one of them"
            )
