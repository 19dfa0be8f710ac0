"""Settings, declared once: dataclass fields with default, range or choices, and help.

Flags, `name=value`, `config.json`, constructor defaults, the search space and the tables of the
documentation are all made from these declarations.
"""

import dataclasses
import math
import numbers
import re
import types
import typing
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from scale_vae_keras.errors import InputError

LARGEST_INT32 = 2**31 - 1

_META = "setting"
_KINDS = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}


@dataclass(frozen=True)
class Range:
    """All values from `low` to `high`; whole numbers if both are.

    Attributes:
        low: the smallest value.
        high: the largest value.
        log: whether equal ratios, not equal differences, are equally likely.

    Raises:
        InputError: the range is empty, or `log` is asked of one that reaches zero.

    Example:
        >>> Range(0.1, 1.0, log=True)
        Range(low=0.1, high=1.0, log=True)
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self):
        if not self.low < self.high:
            raise InputError(f"a range needs low < high, got {self.low} and {self.high}")
        if self.log and self.low <= 0:
            raise InputError(f"a logarithmic range must be positive, got {self.low}")


@dataclass(frozen=True)
class Limits:
    """What values a setting may have; each limit is None where there is none.

    Attributes:
        choices: the only values.
        least: the smallest value.
        above: an exclusive limit.
        most: the largest value.
        below: an exclusive limit.
    """

    choices: Sequence[str | int] = ()
    least: float | None = None
    above: float | None = None
    most: float | None = None
    below: float | None = None

    def allow(self, value: object) -> bool:
        """Whether a value is one of the choices and within the limits; NaN never is."""
        if self.choices:
            return value in self.choices
        if isinstance(value, str):
            return True
        return (
            value == value
            and abs(value) < float("inf")
            and (self.least is None or value >= self.least)
            and (self.above is None or value > self.above)
            and (self.most is None or value <= self.most)
            and (self.below is None or value < self.below)
        )

    def __str__(self) -> str:
        if self.choices:
            *first, last = map(str, self.choices)
            return f"{first[0]} or {last}" if len(first) == 1 else f"one of {self.names}"
        if self.above == 0 and self.most is None and self.below is None:
            return "positive and finite"
        if self.least is not None and self.most is not None:
            return f"from {self.least} to {self.most}"
        lower = f"at least {self.least}" if self.least is not None else None
        lower = f"above {self.above}" if self.above is not None else lower
        upper = f"at most {self.most}" if self.most is not None else None
        upper = f"below {self.below}" if self.below is not None else upper
        return " and ".join(part for part in (lower, upper or "finite") if part)

    @property
    def names(self) -> str:
        """The choices, separated by commas."""
        return ", ".join(map(str, self.choices))


@dataclass(frozen=True)
class _Declared:
    help: str
    limits: Limits
    search: Range | tuple | None
    of_model: bool


def setting(
    default: object,
    help: str,
    *,
    choices: Sequence[str | int] = (),
    least: float | None = None,
    above: float | None = None,
    most: float | None = None,
    below: float | None = None,
    search: Range | tuple | None = None,
    of_model: bool = True,
) -> typing.Any:
    """Declares a setting, as a field of a subclass of `Settings`.

    Args:
        default: its value where nothing is said; of the published work where there is one.
        help: what it means, in a line.
        choices: the only values that it may have.
        least: its smallest value.
        above: an exclusive lower limit.
        most: its largest value.
        below: an exclusive upper limit.
        search: the values that a search for settings tries.
        of_model: whether the model's constructor takes it; else it is for the callbacks or the run.
    """
    limits = Limits(tuple(choices), least, above, most, below)
    return dataclasses.field(
        default=default, metadata={_META: _Declared(help, limits, search, of_model)}
    )


@dataclass(frozen=True)
class Setting:
    """A declared setting.

    Attributes:
        name: name of the field.
        kind: int, float, str or bool; of the entries, where the setting is a tuple.
        optional: whether it may be None.
        many: whether it is a tuple of values.
        default: its value where nothing is said.
        help: what it means.
        limits: what values it may have.
        search: what a search tries; None if it is not to be searched.
        of_model: whether the model's constructor takes it.
    """

    name: str
    kind: type
    optional: bool
    many: bool
    default: object
    help: str
    limits: Limits
    search: Range | tuple | None
    of_model: bool

    @property
    def flag(self) -> str:
        """Its flag on the command line."""
        return f"--{self.name.replace('_', '-')}"

    def read(self, text: str) -> object:
        """Its value from text: entries of a tuple are separated by commas.

        Raises:
            InputError: the text is not of its type.
        """
        try:
            if self.many:
                return tuple(self._convert(part) for part in text.split(","))
            return self._convert(text)
        except ValueError:
            raise InputError(f"{self.name} cannot be {text!r}") from None

    def _convert(self, text):
        if self.kind is bool:
            if text not in ("true", "false"):
                raise ValueError
            return text == "true"
        return self.kind(text)

    def check(self, value: object) -> object:
        """Refuses a value, or returns it with Python's own numbers, a tuple where there are many.

        Raises:
            InputError: it is of another type or out of range.
        """
        if value is None and self.optional:
            return None
        entries = tuple(value) if self.many and isinstance(value, list | tuple) else (value,)
        for entry in entries or (value,):
            if not self._is_of_kind(entry):
                raise InputError(f"{self.name} must be {_KINDS[self.kind]}, got {entry!r}")
            if not self.limits.allow(entry):
                expected = str(self.limits)
                if self.kind is int:
                    expected = expected.removesuffix(" and finite")
                raise InputError(f"{self.name} must be {expected}, got {entry!r}")
        plain = tuple(self._plain(entry) for entry in entries)
        return plain if self.many else plain[0]

    def _plain(self, entry):
        if self.kind is int or (self.kind is float and not isinstance(entry, int)):
            return self.kind(entry)
        return entry

    def _is_of_kind(self, value):
        if self.kind in (bool, str):
            return isinstance(value, self.kind)
        if isinstance(value, bool | str) or not hasattr(value, "__float__"):
            return False
        return self.kind is float or not math.isfinite(value) or value == int(value)


@dataclass(frozen=True)
class Settings:
    """Settings that belong together, each a field made by `setting`; checked when it is made."""

    def __post_init__(self):
        for each in settings_of(type(self)):
            object.__setattr__(self, each.name, each.check(getattr(self, each.name)))


@cache
def settings_of(cls: type[Settings]) -> tuple[Setting, ...]:
    """The settings that a class declares or inherits, in the order of its fields."""
    kinds = typing.get_type_hints(cls)
    found = []
    for field in dataclasses.fields(cls):
        if _META not in field.metadata:
            continue
        declared = field.metadata[_META]
        kind, optional, many = kinds[field.name], False, False
        if typing.get_origin(kind) is types.UnionType:
            (kind,) = (part for part in typing.get_args(kind) if part is not type(None))
            optional = True
        if typing.get_origin(kind) is tuple:
            kind, many = typing.get_args(kind)[0], True
        found.append(
            Setting(
                field.name,
                kind,
                optional,
                many,
                field.default,
                declared.help,
                declared.limits,
                declared.search,
                declared.of_model,
            )
        )
    return tuple(found)


def check(cls: type[Settings], **values: object) -> dict[str, object]:
    """Checks values of settings that a class declares; returns them, whole numbers as ints.

    Args:
        cls: the class.
        **values: some of its settings, by name.

    Raises:
        InputError: a value is of another type or out of range.
    """
    declared = {each.name: each for each in settings_of(cls)}
    return {name: declared[name].check(value) for name, value in values.items()}


def method_and_settings(system: str) -> tuple[str, list[str]]:
    """The method of a system of a benchmark, and its settings, each `name=value`.

    Args:
        system: `method` or `method:name=value,name=value`; a value may hold commas.

    Example:
        >>> method_and_settings("vae:dilations=1,2,decoder=cnn")
        ('vae', ['dilations=1,2', 'decoder=cnn'])
    """
    method, _, own = system.partition(":")
    return method, re.split(r",(?=\w+=)", own) if own else []


def whole_number(
    name: str, value: object, least: int | None = None, most: int | None = None
) -> int:
    """An argument as an int, of Python's or NumPy's.

    Args:
        name: of the argument, for the error.
        value: what is given.
        least: the smallest value allowed; None for any.
        most: the largest, with `least`; None for any.

    Raises:
        InputError: it is no whole number, or not one from `least` to `most`.
    """
    whole = isinstance(value, numbers.Integral)
    if whole and (least is None or value >= least) and (most is None or value <= most):
        return int(value)
    expected = f"at least {least}" if whole else "a whole number"
    if most is not None:
        expected = f"a whole number from {least:,} to {most:,}"
    raise InputError(f"{name} must be {expected}, got {value!r}")


def real_number(name: str, value: object, **limits: float) -> float:
    """An argument as a float, of a number of Python's or NumPy's.

    Args:
        name: of the argument, for the error.
        value: what is given.
        **limits: as those of `Limits`; without any it has to be finite.

    Raises:
        InputError: it is no number, or not within the limits.

    Example:
        >>> real_number("dropout", np.float32(0.5), least=0, below=1)
        0.5
    """
    within = Limits(**limits)
    if not isinstance(value, numbers.Real):
        raise InputError(f"{name} must be a number, got {value!r}")
    if not within.allow(value):
        raise InputError(f"{name} must be {within}, got {value!r}")
    return float(value)
