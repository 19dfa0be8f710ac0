"""The lines of text that a command reads for a run, and their labels."""

import argparse
from collections.abc import Sequence

from scale_vae_keras.errors import InputError
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.text.lines import read_lines
from scale_vae_keras.text_model import TextModel


def add_lines(parser: argparse.ArgumentParser) -> None:
    """Adds the run, and the file of lines that it reads."""
    parser.add_argument("run", metavar="RUN", help="the run folder")
    parser.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        help="one text per line, or label<TAB>text as in the run's corpus; standard input by "
        "default, or for -",
    )
    parser.add_argument(
        "--encoding", metavar="NAME", help="encoding of the input, UTF-8 by default"
    )


def lines_of(
    options: argparse.Namespace, file: str | None
) -> tuple[list[str], Sequence[str] | None]:
    """The texts of a file, and their labels where the run's corpus has some, see `read_lines`."""
    return read_lines(file, RunFolder(options.run).has_labels, options.encoding)


def target_labels(
    model: TextModel, label: str | None, own: Sequence[str] | None
) -> str | Sequence[str] | None:
    """The labels that texts are written or scored with: `label`, or each line's own without it.

    None for a model without a condition, unless a label was asked for, which the model refuses.

    Raises:
        InputError: the lines' own are needed, and one has none.
    """
    if label is not None or not model.labels:
        return label
    if own is None:
        raise _which_label(model, "the run writes and measures text given its label")
    return _whole(own, model)


def own_labels(model: TextModel, labels: Sequence[str] | None) -> Sequence[str] | None:
    """The labels that texts are encoded with; None where the posterior does not read them.

    Args:
        model: the model of a run.
        labels: labels of the lines, None where they have none.

    Raises:
        InputError: they are needed, and lines have none.
    """
    if not model.model.encoder_reads_label:
        return None
    if labels is None:
        raise _which_label(model, "the posterior of this run reads the label")
    return _whole(labels, model)


def _which_label(model, reason):
    known = ", ".join(model.labels)
    return InputError(f"{reason}: give each line as label<TAB>text, one of {known}")


def _whole(labels, model):
    if labels is not None and "" in labels:
        raise InputError(
            f"line {list(labels).index('') + 1} has no label: give each line as label<TAB>text, "
            f"one of {', '.join(model.labels)}"
        )
    return labels
