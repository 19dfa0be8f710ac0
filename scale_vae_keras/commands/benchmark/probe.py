"""`scale-vae benchmark probe`: a classifier on few labels."""

import argparse

from scale_vae_keras.benchmarks.probe import probe_run, probe_table
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

SUMMARY = "Accuracy of a linear classifier on the latent code, by labels used."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the benchmark."""
    add_runs(parser)
    parser.add_argument(
        "--repeats",
        type=at_least(1, int),
        default=5,
        metavar="N",
        help="number of draws of labels, and of orders per draw; 5 of both by default",
    )
    add_moved_corpus(parser)
    add_formats(parser)


def run(options: argparse.Namespace) -> None:
    """Measures runs and prints the table."""
    log_to_terminal()
    probed = {
        path: probe_run(path, options.repeats, options.data)
        for path in trained_runs(options.runs, latent=True)
    }
    names = short_names(probed)
    figures = {path: _figures(mine) for path, mine in probed.items()} if _asked(options) else {}
    print_figures(
        options, figures, lambda: probe_table({names[run]: mine for run, mine in probed.items()})
    )


def _asked(options):
    return options.json or options.csv


def _figures(probed):
    """Accuracies as shares, by number of labels."""
    labels = {
        str(count): {"accuracy": each.mean, "accuracy_sd": each.deviation}
        for count, each in probed.accuracies.items()
    }
    return {"majority": probed.majority, "labels": labels}
