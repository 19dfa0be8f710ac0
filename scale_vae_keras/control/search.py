"""The search for texts with a property, by a surrogate of the property on their codes."""

import logging
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

import numpy as np

from scale_vae_keras.control.realism import Realism, log_density, prior_codes, realism_bounds
from scale_vae_keras.control.surrogate import Surrogate, check_installed
from scale_vae_keras.errors import InputError
from scale_vae_keras.settings import whole_number
from scale_vae_keras.text.text_list import text_list

_logger = logging.getLogger("scale_vae_keras")

_FIRST = 16
_BATCH = 8
_POOL = 512
_PARENTS = 8
_STEPS = (0.1, 0.2, 0.4)
_MOST_HOPE = 1.0
_TRIES = 20


class Found(NamedTuple):
    """A text that was tried, and its value.

    Example:
        >>> [found.text for found in text_model.search(assay, n=100) if found.value > 0.5]
        ['the soup was great .']
    """

    text: str
    value: float


class Search:
    """Proposes texts, is told their values, and proposes better ones.

    `ask` and `tell` are apart, so that a laboratory, a person or another program can give the
    values, in any order and with texts of its own among them. The first texts are samples of the
    prior. Then a Gaussian process is fitted to the values on the codes of the texts, as Gomez-
    Bombarelli et al. (2018) do for molecules, and a proposal is the best of a pool by the mean of
    the process and a share of its standard deviation, 0 for the first text that is asked for at a
    time and 1 for the last. A third of the pool comes from the prior, two thirds from around the
    lines between the codes of the eight best texts so far.

    A code is proposed only within two bounds of realism, each of which all but 5 % of the prior's
    own samples keep: its density under the prior, and its distance from the code of the text that
    the decoder writes from it. No text is proposed that was proposed or told before.

    Args:
        text_model: a `TextModel` with a latent code.
        property: gives the value of a text; `run` alone needs it.
        seed: of all that is drawn; the same values give the same proposals.
        label: of a model with a condition, by name: what all proposals are written with, and, where
            the posterior reads labels, what texts are read with.

    Raises:
        InputError: scikit-learn is not installed, the prior is not fitted yet, or the label is
            missing or unknown.

    Example:
        >>> search = Search(text_model, seed=1)
        >>> texts = search.ask(8)
        >>> search.tell(texts, [assay(text) for text in texts])
        >>> search.best(1)
        [Found(text='the soup was great .', value=0.75)]
    """

    def __init__(
        self,
        text_model,
        property: Callable[[str], float] | None = None,
        seed: int = 0,
        label: str | None = None,
    ):
        check_installed()
        text_model.model.numbers_of(label, 1)
        self.text_model = text_model
        self.property = property
        self.seed = seed
        self.label = label
        self._values: dict[str, float] = {}
        self._codes: dict[str, np.ndarray] = {}
        self._proposed: set[str] = set()
        self._pools = 0
        prior_codes(text_model, 1, seed)

    @cached_property
    def realism(self) -> Realism:
        """The bounds that proposals are held to."""
        return realism_bounds(self.text_model, seed=self.seed, label=self.label)

    def ask(self, n: int = _BATCH) -> list[str]:
        """Texts to try, in no order.

        Args:
            n: number of texts.

        Raises:
            InputError: `n` is below 1, or too few new texts are within the bounds of realism.
        """
        n = whole_number("the number of texts", n, 1)
        texts: dict[str, None] = {}  # a set that keeps its order
        for _ in range(_TRIES):
            for text in self._candidates(n):
                if text not in self._proposed:
                    texts[text] = None
                if len(texts) == n:
                    self._proposed |= set(texts)
                    return list(texts)
        raise InputError(
            f"only {len(texts)} of {n} new texts are within the bounds of realism: the model "
            "writes few different sentences, ask for less"
        )

    def tell(self, texts: str | Iterable[str], values: Iterable[float]) -> None:
        """Takes the values of texts, those of `ask` or any others.

        Args:
            texts: the texts; the last value of a text that is told again counts.
            values: a finite number for each, the larger, the better.

        Raises:
            InputError: the numbers of texts and values differ, there is none, or a value is not
                finite.
        """
        texts, values = text_list(texts), [_number(value) for value in values]
        if len(texts) != len(values):
            raise InputError(f"{len(texts)} texts have {len(values)} values: give one each")
        self._codes |= dict(zip(texts, self._read(texts), strict=True))
        self._values |= dict(zip(texts, values, strict=True))
        self._proposed |= set(texts)

    def best(self, n: int | None = None) -> list[Found]:
        """The texts that were told, the best first, `n` of them at most."""
        order = sorted(self._values.items(), key=lambda item: -item[1])
        return [Found(*item) for item in order[:n]]

    def run(self, n: int) -> list[Found]:
        """Asks for texts and tells their property.

        Args:
            n: how often the property is called.

        Returns:
            All texts that were told, the best first.

        Raises:
            InputError: there is no property, it gives no finite number, or there is no text within
                the bounds of realism; where there are too few, the search ends with a warning.
        """
        if self.property is None:
            raise InputError("the search has no property: give one, or ask and tell")
        n = whole_number("the number of calls", n, 1)
        for start in range(0, n, _BATCH):
            try:
                texts = self.ask(min(_BATCH, n - start))
            except InputError as error:
                if not self._values:
                    raise
                _logger.warning("the search ends after %d texts: %s", len(self._values), error)
                break
            values = []
            try:
                for text in texts:
                    values.append(_number(self.property(text)))
            finally:  # an error of the property costs none of the values before it
                if values:
                    self.tell(texts[: len(values)], values)
        return self.best()

    def _candidates(self, n: int) -> Iterator[str]:
        """Texts of a new pool that the encoder finds again, the most promising first."""
        random = np.random.default_rng([self.seed, self._pools])
        codes = prior_codes(self.text_model, _POOL, int(random.integers(2**31)))
        self._pools += 1
        if len(self._values) < _FIRST:
            order = np.arange(len(codes))
        else:
            codes = np.concatenate([codes, self._around_the_best(random)])
            surrogate = Surrogate.fitted(
                np.stack(list(self._codes.values())) / self.realism.scale,
                np.array(list(self._values.values())),
            )
            mean, deviation = surrogate.predict(codes / self.realism.scale)
            hope = np.linspace(0, _MOST_HOPE, n)[:, None]
            order = _interleaved(mean + hope * deviation)
        codes = codes[order]
        codes = codes[log_density(self.text_model, codes) >= self.realism.log_density]
        for start in range(0, len(codes), 4 * n):
            part = codes[start : start + 4 * n]
            texts = self.text_model.decode(part, label=self.label)
            agrees = self.realism.agree(part, self._read(texts))
            yield from (text for text, agree in zip(texts, agrees, strict=True) if agree)

    def _read(self, texts: list[str]) -> np.ndarray:
        return self.text_model.encode(texts, self.label).mean

    def _around_the_best(self, random: np.random.Generator) -> np.ndarray:
        best = np.stack([self._codes[found.text] for found in self.best(_PARENTS)])
        count = 2 * _POOL
        first, second = (best[random.integers(len(best), size=count)] for _ in range(2))
        steps = random.choice(_STEPS, size=(count, 1)) * self.realism.scale
        line = first + random.random((count, 1)) * (second - first)
        return np.float32(line + steps * random.standard_normal(first.shape))


def _number(value):
    """A value of a property as a float."""
    try:
        value = float(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"a value is no number, {value!r}: leave its text out") from error
    if not np.isfinite(value):
        raise InputError("a value is not finite: leave its text out")
    return value


def _interleaved(scores: np.ndarray) -> np.ndarray:
    """The places of a pool: the best by the first scores, by the second, ..., each place once.

    Args:
        scores: `[scores, pool]`.
    """
    ranks = np.argsort(-scores, axis=1, kind="stable")
    return np.array(list(dict.fromkeys(ranks.T.ravel().tolist())))
