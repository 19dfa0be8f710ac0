"""Timing on a machine that has other work to do."""

import time
from collections.abc import Callable, Mapping

import numpy as np


def interleaved(
    runs: Mapping[str, Callable[[], object]],
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, np.ndarray]:
    """Times functions in turn, so that what slows the machine down slows all of them.

    Args:
        runs: functions by name; each is called once before the first round.
        rounds: how often each is timed.
        clock: what the seconds are of; `time.process_time` on one thread is what the other work of
            the machine disturbs least.

    Returns:
        Seconds of each function in each round, float64 `[rounds]`.
    """
    for run in runs.values():
        run()
    seconds = {name: np.zeros(rounds) for name in runs}
    for turn in range(rounds):
        for name, run in runs.items():
            start = clock()
            run()
            seconds[name][turn] = clock() - start
    return seconds


def median_ratio(numerator: np.ndarray, denominator: np.ndarray) -> float:
    """Median over the rounds of the ratio within a round, of arrays `[rounds]`."""
    return float(np.median(numerator / denominator))
