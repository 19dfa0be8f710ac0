"""`scale-vae evaluate`: measures runs."""

import argparse
import sys

from scale_vae_keras.commands.console import (
    add_cache,
    add_formats,
    add_moved_corpus,
    add_runs,
    log_to_terminal,
    print_figures,
    short_names,
    terminal,
)
from scale_vae_keras.commands.precision_flag import add_precision
from scale_vae_keras.commands.trained_runs import trained_runs
from scale_vae_keras.evaluation.report import metrics_table, notes
from scale_vae_keras.priors import ALIASES, PRIORS
from scale_vae_keras.runs.evaluate_run import evaluate_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    add_runs(parser)
    parser.add_argument(
        "--split",
        default="test",
        choices=("train", "valid", "test"),
        help="the split to measure, test by default",
    )
    parser.add_argument(
        "--samples",
        type=int,
        default=500,
        metavar="N",
        help="importance samples per sentence, 500 by default; 0 for none",
    )
    parser.add_argument(
        "--prior",
        choices=(*PRIORS, *ALIASES),
        help="prior to measure the likelihood under: the model's own by default; scaled or "
        "standard; or diagonal, full or mixture, which are fitted to the training posteriors",
    )
    add_moved_corpus(parser)
    parser.add_argument(
        "--limit", type=int, metavar="N", help="only the first N sentences; all by default"
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="seed of the samples, 0 by default"
    )
    add_precision(parser, "float32")
    add_cache(parser)
    add_formats(parser)


def run(options: argparse.Namespace) -> None:
    """Measures runs, writes their `metrics.json` and prints a table, JSON or CSV."""
    log_to_terminal()
    metrics = {}
    for path in trained_runs(options.runs):
        metrics[path] = evaluate_run(
            path,
            options.split,
            options.samples,
            options.prior,
            options.seed,
            options.limit,
            progress=sys.stderr.isatty(),
            data=options.data,
            cache=options.cache,
            precision=options.precision,
        )
    names = short_names(metrics)
    shown = {names[path]: values for path, values in metrics.items()}
    if print_figures(options, metrics, lambda: metrics_table(shown)):
        for name, values in shown.items():
            for line in notes(values):
                terminal().print(f"{name}: {line}")
