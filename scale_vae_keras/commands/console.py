"""What several commands print and read."""

import argparse
import logging
import shlex
import sys
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from scale_vae_keras.data.encoded import EncodedSplit


def log_to_terminal() -> None:
    """Prints what the package says, a line each: warnings on standard error, the rest on output."""
    logger = logging.getLogger("scale_vae_keras")
    logger.setLevel(logging.INFO)
    if not any(isinstance(each, _Terminal) for each in logger.handlers):
        logger.addHandler(_Terminal())


class _Terminal(logging.Handler):
    def emit(self, record):
        """Prints a line."""
        if record.levelno < logging.WARNING:
            print(record.getMessage())
        else:
            print(f"{record.levelname.lower()}: {record.getMessage()}", file=sys.stderr)


def typed_command(options: argparse.Namespace) -> str:
    """The command as the user typed it, for the tables that record it."""
    return shlex.join(["scale-vae", *options.words])


def at_least(least: float, kind: Callable[[str], float]) -> Callable[[str], float]:
    """The type of a flag whose number has a lower limit."""

    def convert(text: str) -> float:
        value = kind(text)
        if not value >= least:
            raise ValueError
        return value

    # argparse names the type in its message: invalid int of at least 1, value: '0'
    convert.__name__ = f"{kind.__name__} of at least {least},"
    return convert


def print_counts(splits: dict[str, EncodedSplit], vocabulary_size: int) -> None:
    """Prints what the splits of a corpus consist of."""
    table = Table(title=f"vocabulary: {vocabulary_size:,} tokens, specials included")
    table.add_column("")
    for name in splits:
        table.add_column(name, justify="right")
    rows = {
        "sentences": lambda split: f"{split.sentences:,}",
        "tokens": lambda split: f"{split.words:,}",
        "tokens per sentence": lambda split: f"{split.words / split.sentences:.2f}",
        "longest sentence": lambda split: f"{split.max_length:,}",
        "unknown tokens": lambda split: f"{split.unknown:,} ({split.unknown / split.words:.2%})",
        "truncated sentences": lambda split: f"{split.truncated:,}",
        "empty lines, skipped": lambda split: f"{split.empty:,}",
    }
    for name, show in rows.items():
        table.add_row(name, *(show(split) for split in splits.values()))
    Console().print(table)
