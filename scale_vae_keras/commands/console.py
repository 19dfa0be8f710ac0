"""What several commands print and read."""

import argparse
import logging
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import tensorflow as tf
from rich.console import Console
from rich.table import Table

from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.errors import InputError
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.text.tokenizer import Tokenizer

_ENCODED_LINES = 256


def log_to_terminal() -> None:
    """Prints the package's warnings on standard error, a line each."""
    logger = logging.getLogger("scale_vae_keras")
    logger.addHandler(logging.StreamHandler())
    logger.handlers[-1].setFormatter(logging.Formatter("warning: %(message)s"))


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


def longest(folder: RunFolder) -> int:
    """Most tokens of a sentence that a run's model writes, `</s>` counted."""
    return folder.config.max_length + 1


def print_sentences(tokenizer: Tokenizer, ids: tf.Tensor) -> None:
    """Prints sentences, int32 `[sentences, time]`, one per line."""
    for text in tokenizer.detokenize(ids).numpy():
        print(text.decode())


def read_lines(file: str | None) -> list[str]:
    """The lines of a text file, or of standard input.

    Raises:
        InputError: the file cannot be read, or there is no line.
    """
    content = sys.stdin.buffer.read() if file is None else _read_bytes(file)
    lines = content.decode("utf-8-sig", errors="replace").splitlines()
    if not lines:
        raise InputError(f"{file or 'standard input'} is empty: give at least one line of text")
    return lines


def _read_bytes(file):
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}") from error


def ids_of_lines(tokenizer: Tokenizer, lines: list[str]) -> Iterator[tf.Tensor]:
    """Batches of int32 ids `[at most 256, time]` of lines of text."""
    for start in range(0, len(lines), _ENCODED_LINES):
        yield tokenizer(lines[start : start + _ENCODED_LINES]).to_tensor()


def print_counts(splits: dict[str, EncodedSplit], vocabulary_size: int) -> None:
    """Prints what the splits of a corpus consist of."""
    table = Table(title=f"vocabulary: {vocabulary_size:,} tokens, specials included")
    table.add_column("")
    for name in splits:
        table.add_column(name, justify="right")
    rows = {
        "sentences": lambda split: f"{split.sentences:,}",
        "words": lambda split: f"{split.words:,}",
        "words per sentence": lambda split: f"{split.words / split.sentences:.2f}",
        "longest sentence": lambda split: f"{split.max_length:,}",
        "unknown words": lambda split: f"{split.unknown:,} ({split.unknown / split.words:.2%})",
        "truncated sentences": lambda split: f"{split.truncated:,}",
        "empty lines, skipped": lambda split: f"{split.empty:,}",
    }
    for name, show in rows.items():
        table.add_row(name, *(show(split) for split in splits.values()))
    Console().print(table)
