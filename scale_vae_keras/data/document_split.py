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
    that would part equal documents moves behind them. Those of which there are more than valid or
    test is to hold go to train. Valid has two documents or more, if there are five different ones.

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
    order, run_of_ranked, first = _equal_documents(hashes)
    runs = int(run_of_ranked[-1]) + 1 if len(order) else 0
    if runs < 4:
        raise InputError(f"there are too few different documents ({runs}): give at least 4")
    sizes = np.ones(runs, np.int64) if deduplicate else np.bincount(run_of_ranked)
    wanted = np.array(shares) / sum(shares) * sizes.sum()
    # Stable: all but the large ones stay in the order of their hashes.
    ranked_runs = np.argsort(sizes > max(1, wanted[1:].min()), kind="stable")
    ends = np.cumsum(sizes[ranked_runs])
    test = _runs_for(ends, round(wanted[2]), 1, max(1, runs - 4))
    moved = max(0, ends[test - 1] - round(wanted[2]))
    least = min(np.searchsorted(ends, ends[test - 1] + 2) + 1, runs - 2)
    valid = _runs_for(ends, round(wanted[1] + wanted[2]) + moved, least, runs - 2)
    split_of_run = np.zeros(runs, np.int8)
    split_of_run[ranked_runs[:test]] = 2
    split_of_run[ranked_runs[test:valid]] = 1
    splits = np.empty(len(order), np.int8)
    splits[order] = split_of_run[run_of_ranked]
    if deduplicate:
        splits[first != np.arange(len(order))] = DROPPED
    return splits, first


def keep_splits(
    hashes: np.ndarray, splits: np.ndarray, deduplicate: bool
) -> tuple[np.ndarray, np.ndarray]:
    """As `split_documents`, of documents that are divided already.

    Args:
        hashes: as for `split_documents`; those of train come first, then valid, then test.
        splits: the split of each document, int8 `[documents]`.
        deduplicate: whether only the first of equal documents is kept, in whatever split.
    """
    _, _, first = _equal_documents(hashes)
    if deduplicate:
        splits = np.where(first == np.arange(len(first)), splits, np.int8(DROPPED))
    return splits, first


def _equal_documents(hashes):
    """The order of the hashes, the number of the run of equal ones there, and who comes first."""
    order = np.lexsort((hashes[:, 1], hashes[:, 0]))
    ranked = hashes[order]
    begins = np.ones(len(order), bool)
    begins[1:] = (ranked[1:] != ranked[:-1]).any(axis=1)
    run_of_ranked = np.cumsum(begins) - 1
    # The sort is stable: a run begins with the document that comes first.
    first = np.empty(len(order), np.int64)
    first[order] = order[begins][run_of_ranked]
    return order, run_of_ranked, first


def _runs_for(ends, documents, least, most) -> int:
    """How many of the first runs hold that many documents."""
    return int(np.clip(np.searchsorted(ends, documents) + 1, least, most))
