"""The rows of a benchmark's table, one or more per system and seed, as stored in its CSV file."""

import os
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pandas as pd

from scale_vae_keras.errors import InputError
from scale_vae_keras.tables import read_csv

_TEXT = (
    *("system", "version", "corpus", "corpus_fingerprint", "command", "generator", "prior"),
    *("preset", "settings", "beside", "paper_note", "precision"),
)


def read_rows(path: str | os.PathLike) -> pd.DataFrame:
    """The rows of a table.

    Raises:
        InputError: the file cannot be read, or holds other columns.
    """
    try:
        rows = read_csv(path, text=_TEXT)
    except ValueError as error:
        raise InputError(f"{path} is not the table of a benchmark: {error}") from error
    if not {"system", "seed"} <= set(rows.columns):
        raise InputError(f"{path} is not the table of a benchmark: it has no system and seed")
    return rows


def rows_so_far(path: str | os.PathLike) -> pd.DataFrame:
    """The rows of an unfinished table; none if there is no file yet."""
    if Path(path).exists():
        return read_rows(path)
    return pd.DataFrame({"system": pd.array([], "string"), "seed": pd.array([], "Int64")})


def run_path(folder: str | os.PathLike, system: str, seed: int) -> Path:
    """The run folder of a system and seed in the folder of a benchmark."""
    return Path(folder) / f"{re.sub('[:,]', '-', system)}-{seed}"


def is_of(rows: pd.DataFrame, system: str, seed: int) -> pd.Series:
    """Which rows are those of a system and seed, bool `[rows]`."""
    return (rows["system"] == system) & (rows["seed"] == seed)


def with_rows(rows: pd.DataFrame, more: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """A table with more rows at its end; columns that are new are missing in the others.

    What it holds are objects, so that whole numbers beside missing values stay whole.
    """
    parts = [rows.astype(object), pd.DataFrame(list(more), dtype=object)]
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def system_means(rows: pd.DataFrame, names: Collection[str], within: str = "_se") -> pd.DataFrame:
    """Means of columns over the seeds of each system, the systems in the order of the rows.

    Args:
        rows: as `read_rows` gives them, one for each system and seed.
        names: the columns; one that the table lacks is missing for all systems.
        within: what is added to the name of a column for that of its error in one run.

    Returns:
        By system `seeds`, their number; each of `names`, missing where a seed lacks it; and
        `NAME_error`: the standard deviation over seeds or, of one seed, the error in the run.
    """
    needed = [*names, *(f"{name}{within}" for name in names)]
    groups = rows.reindex(columns=["system", *dict.fromkeys(needed)]).groupby("system", sort=False)
    means = {"seeds": groups.size()}
    for name in names:
        values = groups[name]
        known = values.count() == groups.size()
        one_run = groups[f"{name}{within}"].first().where(values.count() == 1)
        means[name] = values.mean().where(known)
        error = values.std().where(values.count() > 1, one_run)
        means[f"{name}_error"] = error.where(known)
    return pd.DataFrame(means).astype({"seeds": int})
