"""The description of a figure."""

from dataclasses import dataclass
from typing import Literal

import pandas as pd


@dataclass(frozen=True)
class Metric:
    """A figure as every table, page and log names and explains it.

    Example:
        >>> nll = Metric("elbo_nll", "nats per sentence", "negative ELBO", better="smaller")
        >>> nll.show(40.126, 0.5)
        '40.13 ± 0.50'
        >>> nll.sentence
        'Negative ELBO (nats per sentence).'

    Attributes:
        name: its name in files and tables.
        unit: unit of its value; empty for a plain number or a name.
        meaning: its meaning in a few words.
        bound: what it is a bound or an estimate of, if it is one.
        better: whether a smaller or a larger value is better; empty where neither is.
        digits: after the decimal point, where systems or epochs are compared.
    """

    name: str
    unit: str
    meaning: str
    bound: str = ""
    better: Literal["smaller", "larger", ""] = ""
    digits: int = 2

    @property
    def explanation(self) -> str:
        """Meaning and unit in a few words; a meaning may begin with its unit."""
        unit = "" if self.meaning.startswith(self.unit) else self.unit
        return ", ".join(filter(None, [self.meaning, unit]))

    @property
    def sentence(self) -> str:
        """Meaning, unit and bound in full sentences."""
        meaning = f"{self.meaning} ({self.unit})" if self.unit else self.meaning
        parts = filter(None, [meaning, self.bound])
        return " ".join(f"{part[0].upper()}{part[1:]}." for part in parts)

    def show(self, value: float | None, error: float | None = None) -> str:
        """A value with its error, rounded; "-" for a value that is missing."""
        if pd.isna(value):
            return "-"
        shown = f"{value:.{self.digits}f}"
        return shown if pd.isna(error) else f"{shown} ± {error:.{self.digits}f}"
