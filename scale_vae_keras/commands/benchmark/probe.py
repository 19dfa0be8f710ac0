"""`scale-vae benchmark probe`: a classifier on few labels."""

import argparse
from pathlib import Path

from rich.console import Console

from scale_vae_keras.benchmarks.probe import probe_run, probe_table

SUMMARY = "Accuracy of a linear classifier on the latent code, by labels used."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the benchmark."""
    parser.add_argument("runs", metavar="RUN", nargs="+")
    parser.add_argument(
        "--repeats", type=int, default=5, metavar="N", help="draws of labels, and orders of each"
    )
    parser.add_argument("--data", metavar="DATA", help="where the corpus is now, if it has moved")


def run(options: argparse.Namespace) -> None:
    """Measures runs and prints the table."""
    accuracies = {
        Path(path).name: probe_run(path, options.repeats, options.data) for path in options.runs
    }
    Console().print(probe_table(accuracies))
