"""Checks inputs before they are sent, in the same way over gRPC and REST."""

from collections.abc import Sequence
from typing import Any

from scale_vae_keras.errors import InputError

_INTEGERS = {"DT_INT64": 63, "DT_INT32": 31}
_LARGEST_FLOAT = {"DT_FLOAT": 3.4028235677973362e38, "DT_DOUBLE": 1.7976931348623157e308}
_INFINITE = (float("inf"), -float("inf"))


def plain_values(name: str, value: Any, dtype: str) -> list:
    """The value of an input as nested lists of `int`, `float`, `str` or `bytes`.

    Args:
        name: name of the input.
        value: a list, a tuple or a NumPy array with one element per row; NumPy scalars are accepted
            like Python's.
        dtype: dtype of the input in the signature, such as `DT_INT64`.

    Raises:
        InputError: the value is no list, an element does not fit the type, or the rows are not of
            one shape.
    """
    value = _lists(value)
    if not isinstance(value, list):
        raise InputError(
            f"give each input as a list with one element per row, got {name}={_short(value)}"
        )
    _check_shape(name, value)
    _check_elements(name, value, dtype)
    return value


def _lists(value):
    """Lists in the place of tuples and arrays, Python's scalars in the place of NumPy's."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_lists(element) for element in value]
    return value


def _check_shape(name, value) -> tuple[int, ...]:
    shapes = {_check_shape(name, row) if isinstance(row, list) else () for row in value}
    if len(shapes) > 1:
        raise InputError(f"{name} must have the same number of elements in every row")
    return (len(value), *next(iter(shapes), ()))


def _check_elements(name, value, dtype):
    if isinstance(value, list):
        for element in value:
            _check_elements(name, element, dtype)
    elif problem := _problem(value, dtype):
        raise InputError(f"{name} cannot be sent: {problem}, got {_short(value)}")


def _problem(value, dtype) -> str | None:
    if dtype in _INTEGERS:
        bits = _INTEGERS[dtype]
        if isinstance(value, bool) or not isinstance(value, int):
            return "it must be a whole number"
        if not -(2**bits) <= value < 2**bits:
            return f"it must be from -2**{bits} to 2**{bits} - 1"
    elif dtype in _LARGEST_FLOAT:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return "it must be a number"
        if abs(value) > _LARGEST_FLOAT[dtype] and value not in _INFINITE:
            return f"it is too large for {dtype.removeprefix('DT_').lower()}"
    elif dtype == "DT_STRING":
        if not isinstance(value, str | bytes):
            return "it must be text"
        if isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
            return "it is not valid Unicode"
    return None


def _short(value):
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
