"""Tables: CSV files, whole or not at all, and Markdown."""

import os
from collections.abc import Collection

import pandas as pd

from scale_vae_keras.files import written_whole

_MISSING = ("", "None", "nan")


def write_csv(path: str | os.PathLike, table: pd.DataFrame) -> None:
    """Writes a table with a header, whole or not at all; a missing value is an empty cell."""
    with written_whole(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\r\n")


def read_csv(path: str | os.PathLike, text: Collection[str] = ()) -> pd.DataFrame:
    """A table with a header; empty cells, and "None" and "nan", are missing values.

    Whole numbers stay whole in a column with missing values, and a number is read as the one that
    was written.

    Args:
        path: the file.
        text: columns that hold text even where it looks like a number; of these only an empty
            cell is a missing value.
    """
    header = pd.read_csv(path, nrows=0, encoding="utf-8").columns
    return pd.read_csv(
        path,
        dtype={name: "string" for name in header if name in text},
        keep_default_na=False,
        na_values={name: [""] if name in text else _MISSING for name in header},
        dtype_backend="numpy_nullable",
        encoding="utf-8",
    )


def markdown_table(table: pd.DataFrame, aligned: bool = False) -> str:
    """A table as Markdown.

    Args:
        table: of strings; its index is left out.
        aligned: whether columns are padded to one width, for a terminal.
    """
    lines = [list(map(str, table.columns)), *table.to_numpy().tolist()]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = ["-" * width for width in widths] if aligned else ["---"] * len(widths)
    lines.insert(1, rule)
    if aligned:
        lines = [
            [cell.rjust(width) for cell, width in zip(line, widths, strict=True)] for line in lines
        ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
