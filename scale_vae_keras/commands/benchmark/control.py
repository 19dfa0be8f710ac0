"""`scale-vae benchmark control`: sentences moved from one label to another."""

import argparse
from pathlib import Path

from scale_vae_keras.benchmarks.control.benchmark import AMOUNTS, control_table, measure_control
from scale_vae_keras.benchmarks.control.picture import draw_control
from scale_vae_keras.commands.console import (
    add_formats,
    add_moved_corpus,
    add_runs,
    at_least,
    log_to_terminal,
    print_figures,
    short_names,
)
from scale_vae_keras.commands.trained_runs import trained_runs
from scale_vae_keras.pictures import check_picture

SUMMARY = "Move test sentences from one label to another along an attribute vector."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the benchmark."""
    add_runs(parser)
    parser.add_argument(
        "--language-model",
        required=True,
        metavar="RUN",
        help="run of method lm that judges the sentences",
    )
    parser.add_argument(
        "--from",
        dest="source",
        required=True,
        metavar="LABEL",
        help="label of the sentences to move",
    )
    parser.add_argument(
        "--to", dest="target", required=True, metavar="LABEL", help="label to move them towards"
    )
    parser.add_argument(
        "--amounts",
        type=float,
        nargs="+",
        default=list(AMOUNTS),
        metavar="X",
        help="multiples of the vector to add, "
        f"{' '.join(f'{each:g}' for each in AMOUNTS)} by default",
    )
    parser.add_argument(
        "-n",
        type=at_least(1, int),
        default=1_000,
        metavar="N",
        help="number of test sentences, 1,000 by default",
    )
    parser.add_argument("--picture", metavar="FILE.png", help="draw the figures as well")
    add_moved_corpus(parser)
    add_formats(parser)


def run(options: argparse.Namespace) -> None:
    """Measures runs, prints the table and draws the picture."""
    log_to_terminal()
    if options.picture is not None:
        check_picture(options.picture)
    moved = {
        path: measure_control(
            path,
            options.language_model,
            options.source,
            options.target,
            options.n,
            list(dict.fromkeys(options.amounts)),
            options.data,
        )
        for path in trained_runs(options.runs, latent=True)
    }
    names = short_names(moved)
    shown = {names[path]: mine for path, mine in moved.items()}
    figures = {path: _figures(mine) for path, mine in moved.items()}
    print_figures(options, figures, lambda: control_table(shown))
    if options.picture is not None:
        rows = {name: mine.rows for name, mine in shown.items()}
        draw_control(rows, options.target, Path(options.picture))


def _figures(moved):
    """The figures of each amount, by its number."""
    rows = moved.rows.astype(object).where(moved.rows.notna(), None).set_index("amount")
    amounts = {f"{amount:.9g}": row for amount, row in rows.to_dict("index").items()}
    return {"accuracy": moved.accuracy, "lengths": list(moved.lengths), "amounts": amounts}
