"""Output and options that several commands share."""

import argparse
import csv
import io
import json
import logging
import math
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from rich.console import Console, RenderableType

from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.tables import FittedTable

_SHOWN_LABELS = 10


def log_to_terminal() -> None:
    """Prints what the package says, a line each: warnings on standard error, the rest on output."""
    logger = logging.getLogger("scale_vae_keras")
    logger.setLevel(logging.INFO)
    logger.propagate = False  # a library may have given the root logger a handler of its own
    if not any(isinstance(each, _Terminal) for each in logger.handlers):
        logger.addHandler(_Terminal())


class _Terminal(logging.Handler):
    def emit(self, record):
        """Prints a line."""
        if record.levelno < logging.WARNING:
            print(record.getMessage())
        else:
            print(f"{record.levelname.lower()}: {record.getMessage()}", file=sys.stderr)


def listed_labels(counts: Mapping[str, int]) -> str:
    """The ten most frequent labels with their counts, and how many more there are."""
    labels = sorted(counts.items(), key=lambda label: -label[1])
    shown = [f"{name or '(none)'} {count:,}" for name, count in labels[:_SHOWN_LABELS]]
    more = len(labels) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def typed_command(options: argparse.Namespace) -> str:
    """The command as the user typed it, for the tables that record it."""
    return shlex.join(["scale-vae", *options.words])


def at_least(
    least: float, kind: Callable[[str], float], most: float = math.inf
) -> Callable[[str], float]:
    """The type of a flag whose number has a lower limit, and perhaps an upper one."""

    def convert(text: str) -> float:
        value = kind(text)
        if not least <= value <= most:
            raise ValueError
        return value

    # argparse names the type in its message: invalid int of at least 1, value: '0'
    limits = f"of at least {least}" + (f" and at most {most}" if most < math.inf else "")
    convert.__name__ = f"{kind.__name__} {limits},"
    return convert


def terminal() -> Console:
    """Where a command prints: text as it is, square brackets and colons included."""
    return Console(markup=False, emoji=False, highlight=False)


def short_names(paths: Iterable[str]) -> dict[str, str]:
    """A name for each run that is shown beside others: as much of its path's end as tells it apart.

    Args:
        paths: paths of the runs; one that is given twice counts once.

    Returns:
        The name of each path.
    """
    parts = {path: Path(os.path.abspath(path)).parts for path in paths}
    distinct = dict.fromkeys(parts.values())
    names = {}
    for path, own in parts.items():
        others = [other for other in distinct if other != own]
        length = next(
            length
            for length in range(1, len(own) + 1)
            if length == len(own) or all(other[-length:] != own[-length:] for other in others)
        )
        names[path] = os.path.join(*own[-length:])
    return names


def distinct_runs(paths: Iterable[str]) -> list[str]:
    """The runs in their order, one that is named twice (`run`, `./run/`) once."""
    runs = {}
    for path in paths:
        runs.setdefault(os.path.abspath(path), path)
    return list(runs.values())


def add_runs(parser: argparse.ArgumentParser) -> None:
    """Adds the runs that are shown side by side."""
    parser.add_argument(
        "runs", metavar="RUN", nargs="+", help="run folders; several are shown side by side"
    )


def add_moved_corpus(parser: argparse.ArgumentParser) -> None:
    """Adds the flag for a run's corpus that is no longer where the run found it."""
    parser.add_argument(
        "--data", metavar="DATA", help="where the run's corpus is now, if it has moved"
    )


def add_formats(parser: argparse.ArgumentParser) -> None:
    """Adds the flags that say how the figures of runs are printed."""
    formats = parser.add_mutually_exclusive_group()
    formats.add_argument(
        "--json",
        action="store_true",
        help="print the figures as JSON; for several runs, one object per run folder",
    )
    formats.add_argument(
        "--csv", action="store_true", help="print the figures as CSV, one line per run"
    )


def print_figures(
    options: argparse.Namespace,
    figures: Mapping[str, Mapping[str, object]],
    table: Callable[[], RenderableType],
) -> bool:
    """Prints figures in the form that the flags of `add_formats` ask for.

    Args:
        options: the command's.
        figures: by run folder; those that are objects themselves become columns `name_part`.
        table: makes what is shown on a terminal.

    Returns:
        Whether that was the table.
    """
    if options.json:
        shown = figures if len(figures) > 1 else next(iter(figures.values()))
        print(json.dumps(shown, indent=2))
    elif options.csv:
        rows = [{"run": run, **_flat(mine)} for run, mine in figures.items()]
        text = io.StringIO()
        writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)))
        writer.writeheader()
        writer.writerows(rows)
        print(text.getvalue().replace("\r\n", "\n"), end="")
    else:
        terminal().print(table())
        return True
    return False


def _flat(figures):
    flat = {}
    for name, value in figures.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}_{part}": each for part, each in _flat(value).items()}
        else:
            flat[name] = value
    return flat


def add_cache(parser: argparse.ArgumentParser) -> None:
    """The flag of what reads a run's corpus again and again."""
    parser.add_argument(
        "--cache",
        metavar="DIR",
        help="keep the tokenised corpus in DIR, for all runs that name DIR; it is mapped into "
        "memory, so that it may be larger than memory",
    )


def print_counts(splits: dict[str, EncodedSplit], vocabulary_size: int) -> None:
    """Prints what the splits of a corpus consist of."""
    lines = {
        "sentences": lambda split: f"{split.sentences:,}",
        "tokens": lambda split: f"{split.words:,}",
        "tokens per sentence": lambda split: f"{split.words / split.sentences:.2f}",
        "longest sentence": lambda split: f"{split.max_length:,}",
        "unknown tokens": lambda split: f"{split.unknown:,} ({split.unknown / split.words:.2%})",
        "truncated sentences": lambda split: _count(split.truncated),
        "empty lines, skipped": lambda split: _count(split.empty),
    }
    rows = [[name, *map(show, splits.values())] for name, show in lines.items()]
    title = f"vocabulary: {vocabulary_size:,} tokens, including special ones"
    terminal().print(FittedTable(["", *splits], rows, title=title))


def _count(number):
    """A count of lines, which the first sentences of a split have not."""
    return "-" if number is None else f"{number:,}"
