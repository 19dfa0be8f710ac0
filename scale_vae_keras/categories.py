"""Labels of many sentences as numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Categories(Sequence):
    """A sequence of labels: a number each, and the name that each number stands for.

    As a sequence it holds the names: `len`, indexing by a number, iteration and `np.asarray` give
    what a list of strings gives; a slice or an array of places gives categories again. It equals
    any sequence of the same names.

    Attributes:
        codes: the number of each entry's name, int32 `[entries]`.
        names: the names, each once; those of no entry may be among them.

    Example:
        >>> labels = Categories.of(["good", "bad", "good"])
        >>> labels.codes.tolist(), labels.names, labels[0], labels.counts()
        ([0, 1, 0], ('good', 'bad'), 'good', {'good': 2, 'bad': 1})
    """

    codes: np.ndarray
    names: tuple[str, ...]

    @classmethod
    def of(cls, labels: Iterable[str]) -> "Categories":
        """The categories of some labels; categories are returned as they are."""
        if isinstance(labels, Categories):
            return labels
        numbering = Numbering()
        return cls(numbering.numbers(labels), numbering.names)

    def __len__(self):
        return len(self.codes)

    def __getitem__(self, place):
        found = self.codes[place]
        return self.names[found] if np.ndim(found) == 0 else Categories(found, self.names)

    def __iter__(self):
        return map(self.names.__getitem__, self.codes)

    def __eq__(self, other):
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.names, dtype)[self.codes]

    def counts(self) -> dict[str, int]:
        """How many entries each name has, in the order of the names; of no entry, left out."""
        counts = np.bincount(self.codes, minlength=len(self.names))
        return {self.names[code]: int(counts[code]) for code in np.flatnonzero(counts)}


class Numbering:
    """Numbers names as they come, for labels that are read a block at a time."""

    def __init__(self):
        self._codes: dict[str, int] = {}

    def numbers(self, labels: Iterable[str]) -> np.ndarray:
        """The number of each name, new names counted on, int32 `[labels]`."""
        codes = self._codes
        return np.fromiter((codes.setdefault(each, len(codes)) for each in labels), np.int32)

    @property
    def names(self) -> tuple[str, ...]:
        """The names by their numbers, the first that came first."""
        return tuple(self._codes)
