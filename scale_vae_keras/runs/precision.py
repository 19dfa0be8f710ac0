"""Chooses the faster precision where a run leaves it open."""

import logging
import re
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import tensorflow as tf

from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.runs.build_model import AUTO, build_model
from scale_vae_keras.runs.config import RunConfig

_logger = logging.getLogger("scale_vae_keras")
_HALF = "mixed_bfloat16"
_CPU_INFORMATION = Path("/proc/cpuinfo")
_FLAGS = re.compile(r"\b(avx512_bf16|amx_bf16|bf16)\b")
_SAMPLE = 4000
_WARM_UPS, _ROUNDS = 2, 5
# Less is not worth what rounding costs, and may be noise.
_LARGEST_RATIO = 0.9


def decide_precision(
    config: RunConfig,
    vocabulary_size: int,
    train: EncodedSplit,
    strategy: tf.distribute.Strategy,
    labels: Sequence[str] = (),
) -> RunConfig:
    """The settings with a precision, after a short trial where it is "auto".

    bfloat16 is taken where the processor computes in it and training steps on a batch of median
    length take at most 0.9 of float32's time, the median of five that take turns. It is float32
    without a trial on a GPU, and where several workers would have to agree.

    Args:
        config: the settings of a new run.
        vocabulary_size: number of token ids, specials included.
        train: the training sentences.
        strategy: what the run trains under.
        labels: the names of the labels, for a condition.
    """
    if config.precision != AUTO:
        return config
    if strategy.cluster_resolver is not None:
        found, reason = "float32", "several workers have to agree"
    elif tf.config.list_physical_devices("GPU"):
        found, reason = "float32", "there is no trial on a GPU"
    elif not has_bfloat16():
        found, reason = "float32", "this processor has no bfloat16"
    else:
        ratio = step_ratio(config, vocabulary_size, train, labels)
        found = _HALF if ratio <= _LARGEST_RATIO else "float32"
        reason = f"a training step in bfloat16 takes {ratio:.2f} of float32's time"
    _logger.info("precision: %s, as %s", found, reason)
    return replace(config, precision=found)


def has_bfloat16() -> bool:
    """Whether the processor has instructions for bfloat16 products; False where unknown."""
    try:
        return _FLAGS.search(_CPU_INFORMATION.read_text(encoding="utf-8")) is not None
    except OSError:
        return False


def step_ratio(
    config: RunConfig, vocabulary_size: int, train: EncodedSplit, labels: Sequence[str] = ()
) -> float:
    """Time of a training step in bfloat16, relative to float32's.

    Args:
        config: the settings of a run.
        vocabulary_size: number of token ids, specials included.
        train: the training sentences; a batch of those of median length is used.
        labels: the names of the labels, for a condition.
    """
    some = train.spread(_SAMPLE)
    by_length = np.argsort(some.lengths, kind="stable")
    first = max(0, (len(by_length) - config.batch_size) // 2)
    rows = by_length[first : first + config.batch_size]
    batch = tf.constant(some.padded(rows))
    if some.label_numbers is not None:
        batch = (batch, tf.constant(some.label_numbers[rows]))
    steps = [
        _step(build_model(replace(config, precision=precision), vocabulary_size, labels), batch)
        for precision in (_HALF, "float32")
    ]
    for step in steps * _WARM_UPS:
        step()
    seconds = np.array([[_seconds(step) for step in steps] for _ in range(_ROUNDS)])
    return float(np.median(seconds[:, 0] / seconds[:, 1]))


def _step(model, batch):
    model.make_train_function()

    def step():
        model.train_function(iter([batch]))["loss"].numpy()

    return step


def _seconds(step):
    started = time.perf_counter()
    step()
    return time.perf_counter() - started
