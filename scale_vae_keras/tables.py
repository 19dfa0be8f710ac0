"""Tables: CSV files, whole or not at all, Markdown, and on a terminal of any width."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence

import pandas as pd
from rich.console import Console, ConsoleOptions, RenderableType
from rich.table import Table
from rich.text import Text

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
        table: table of strings; its index is left out.
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


class FittedTable:
    """A table for a terminal that cuts off no cell, however narrow the terminal is.

    Columns that do not fit beside the others go into further tables below. Text is shown as it is,
    square brackets included.

    Args:
        columns: their heads.
        rows: the cells of each row, as text.
        names: how many of the first columns name a row; they stand in each of the tables.
        legend: what stands below, a line for each name.
        title: what stands above.
    """

    def __init__(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[str]],
        names: int = 1,
        legend: Mapping[str, str] | None = None,
        title: str = "",
    ):
        self.columns = list(columns)
        self.rows = [list(row) for row in rows]
        self.names = names
        self.legend = legend or {}
        self.title = title
        self._widths = [
            3 + max(Text(cell).cell_len for cell in column)
            for column in zip(self.columns, *self.rows, strict=True)
        ]

    @property
    def row_count(self) -> int:
        """The number of rows."""
        return len(self.rows)

    def fits(self, width: int) -> bool:
        """Whether one table is enough for a terminal of this many columns."""
        return 1 + sum(self._widths) <= width

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        """The tables, and what stands above and below."""
        if self.title:
            yield Text(self.title)
        for part in self._parts(options.max_width):
            yield self._drawn(part)
        for name, meaning in self.legend.items():
            yield Text(f"{name}: {meaning}")

    def _parts(self, width):
        """The places of the columns of each table."""
        names = list(range(self.names))
        part = list(names)
        for place in range(self.names, len(self.columns)):
            wide = 1 + sum(self._widths[each] for each in [*part, place]) > width
            if wide and part != names:
                yield part
                part = list(names)
            part.append(place)
        yield part

    def _drawn(self, part):
        drawn = Table()
        for place in part:
            named = place < self.names
            drawn.add_column(
                Text(self.columns[place]),
                justify="left" if named else "right",
                no_wrap=not named,
                overflow="fold",
            )
        for row in self.rows:
            drawn.add_row(*(Text(row[place]) for place in part))
        return drawn


class ComparedRuns:
    """Figures of runs, for a terminal of any width: a row for each figure where that fits.

    Else a row for each run, and what the figures mean below.

    Args:
        figures: figures of each run, each figure as text.
        about: unit, which may be empty, and meaning of each figure.
        head: what the names of the figures are called.
    """

    def __init__(
        self,
        figures: Mapping[str, Mapping[str, str]],
        about: Mapping[str, tuple[str, str]],
        head: str = "metric",
    ):
        self.figures = figures
        self.about = about
        self.head = head

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        """The form that fits the terminal."""
        units = any(unit for unit, _ in self.about.values())
        heads = [self.head, "unit"] if units else [self.head]
        rows = [
            [name, unit][: len(heads)] + [mine[name] for mine in self.figures.values()]
            for name, (unit, _) in self.about.items()
        ]
        meanings = [meaning for _, meaning in self.about.values()]
        legend = {
            name: ", ".join(filter(None, [meaning, unit]))
            for name, (unit, meaning) in self.about.items()
        }
        beside = [[*row, meaning] for row, meaning in zip(rows, meanings, strict=True)]
        forms = [
            FittedTable([*heads, *self.figures, "meaning"], beside, len(heads)),
            FittedTable([*heads, *self.figures], rows, len(heads), legend),
        ]
        by_run = [[run, *(mine[name] for name in self.about)] for run, mine in self.figures.items()]
        last = FittedTable(["run", *self.about], by_run, 1, legend)
        yield next((form for form in forms if form.fits(options.max_width)), last)
