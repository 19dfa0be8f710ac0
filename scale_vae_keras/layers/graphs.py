"""Graphs that are made once and live as long as the layer or model that they run."""

from collections.abc import Callable, Hashable
from typing import Any

import keras


def needs_autograph(*parts: object) -> bool:
    """Whether a graph of these parts has to be made with AutoGraph.

    Its reading of this package's sources, which need none, would be most of the time to the first
    answer; custom parts may rely on it.
    """
    own = __name__.partition(".")[0]
    return any(type(part).__module__.partition(".")[0] != own for part in parts)


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
