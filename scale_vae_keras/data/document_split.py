"""Which split each document of a corpus goes to."""

from collections.abc import Sequence

import numpy as np

from scale_vae_keras.errors import InputError

DROPPED = -1


def check_shares(shares: Sequence[float]) -> None:
    """Refuses shares of train, valid and test that are not three numbers above 0.

    Raises:
        InputError: they are something else.
    """
    if len(shares) != 3 or not all(0 < share < float("inf") for share in shares):
        raise InputError(f"the shares of the splits are {shares}: give three above 0")


def split_documents(
    hashes: np.ndarray, shares: tuple[float, float, float], deduplicate: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Divides documents over train, valid and test, equal ones always into the same split.

    They are ranked by their hashes, which makes the division random, and cut by the shares; a cut
    that would part equal documents moves behind them.

    Args:
        hashes: two 64-bit halves of a hash of each document, uint64 `[documents, 2]`, seeded.
        shares: shares of train, valid and test, each above 0; they are divided by their sum.
        deduplicate: whether only the first of equal documents is kept.

    Returns:
        The split of each document, 0, 1, 2 or `DROPPED`, int8 `[documents]`; and for each document
        the first one that is equal to it, int64 `[documents]`.

    Raises:
        InputError: a share is not above 0, or there are fewer than four different documents.
    """
    check_shares(shares)
    order = np.lexsort((hashes[:, 1], hashes[:, 0]))
    ranked = hashes[order]
    begins = np.ones(len(order), bool)
    begins[1:] = (ranked[1:] != ranked[:-1]).any(axis=1)
    runs = int(begins.sum())
    if runs < 4:
        raise InputError(f"there are too few different documents ({runs}): give at least 4")
    run_of_ranked = np.cumsum(begins) - 1
    # The sort is stable: a run begins with the document that comes first.
    first = np.empty(len(order), np.int64)
    first[order] = order[begins][run_of_ranked]
    sizes = np.ones(runs, np.int64) if deduplicate else np.bincount(run_of_ranked)
    ends = np.cumsum(sizes)
    wanted = np.array(shares) / sum(shares) * ends[-1]
    test = _runs_for(ends, wanted[2], 1, runs - 3)
    valid = _runs_for(ends, wanted[1] + wanted[2], test + 1, runs - 2)
    split_of_run = np.zeros(runs, np.int8)
    split_of_run[:test] = 2
    split_of_run[test:valid] = 1
    splits = np.empty(len(order), np.int8)
    splits[order] = split_of_run[run_of_ranked]
    if deduplicate:
        splits[first != np.arange(len(order))] = DROPPED
    return splits, first


def _runs_for(ends, documents, least, most) -> int:
    """How many of the first runs hold that many documents."""
    return int(np.clip(np.searchsorted(ends, round(documents)) + 1, least, most))
