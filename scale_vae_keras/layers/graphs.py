"""Graphs that are made once and live as long as the layer or model that they run."""

from collections.abc import Callable, Hashable
from typing import Any

import keras
import numpy as np

from scale_vae_keras.custom import is_custom


def needs_autograph(*parts: object) -> bool:
    """Whether a graph of these parts has to be made with AutoGraph.

    Its reading of this package's sources, which need none, would be most of the time to the first
    answer; custom parts may rely on it.
    """
    return any(is_custom(type(part)) for part in parts)


class _Itself:
    """An object as a key: equal to nothing else as long as the key lives, which keeps it alive."""

    def __init__(self, value: Any):
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


def comparable(value: Any) -> Hashable:
    """A setting of a graph as a key: equal for equal values.

    Lists, dictionaries, sets and arrays are compared by what they hold; another object that cannot
    be hashed by which it is.
    """
    if isinstance(value, list | tuple):
        return tuple(map(comparable, value))
    if isinstance(value, dict):
        return tuple((name, comparable(each)) for name, each in value.items())
    if isinstance(value, set | frozenset):
        return frozenset(map(comparable, value))
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, value.tobytes()
    try:
        hash(value)
    except TypeError:
        return _Itself(value)
    return value


def graph_of(owner: keras.layers.Layer, key: Hashable, make: Callable[[], Any]) -> Any:
    """The graph of that key, which is made when it is first asked for.

    Args:
        owner: what the graph runs; its weights may change, its settings may not.
        key: names the graph among those of the owner.
        make: makes it.
    """
    # Kept out of Keras' sight: a function that is an attribute would be exported.
    graphs = owner.__dict__.setdefault("_graphs", {})
    if key not in graphs:
        graphs[key] = make()
    return graphs[key]
