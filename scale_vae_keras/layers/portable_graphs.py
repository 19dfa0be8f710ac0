"""Whether graphs are traced for every machine or for this one."""

import contextlib
from collections.abc import Iterator

import tensorflow as tf

_portable = False


@contextlib.contextmanager
def portable_lstm() -> Iterator[None]:
    """Traces every `LSTM` called inside the block without cuDNN.

    A graph traced where a GPU is visible holds the cuDNN operation and does not run on a CPU;
    a graph that is exported must run on both.
    """
    # Not a ContextVar: tf.distribute traces replicas in threads of its own, which must see it too.
    global _portable
    before, _portable = _portable, True
    try:
        yield
    finally:
        _portable = before


def traced_for_gpu() -> bool:
    """Whether what is called now may hold what is only fast, or only there, on a GPU."""
    return not _portable and bool(tf.config.list_logical_devices("GPU"))
