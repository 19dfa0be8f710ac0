"""Whether graphs are traced for every machine or for this one."""

import contextlib
from collections.abc import Iterator

import tensorflow as tf

_portable = False


@contextlib.contextmanager
def portable_graph() -> Iterator[None]:
    """Traces what is called inside the block as on a machine without a GPU.

    Where a GPU is visible, an `LSTM` becomes the cuDNN operation, which no CPU runs, and other
    layers take detours that only pay there; a graph that is exported must run on both.
    """
    # Not a ContextVar: tf.distribute traces replicas in threads of its own, which must see it too.
    global _portable
    before, _portable = _portable, True
    try:
        yield
    finally:
        _portable = before


def traced_for_gpu() -> bool:
    """Whether what is called now may become what runs, or pays, on a GPU alone."""
    return not _portable and bool(tf.config.list_logical_devices("GPU"))
