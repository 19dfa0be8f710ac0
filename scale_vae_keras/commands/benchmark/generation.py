"""`scale-vae benchmark generation`: quality and diversity of sentences."""

import argparse
from pathlib import Path

from rich.console import Console

from scale_vae_keras.benchmarks.generation import generation_table, measure_generation
from scale_vae_keras.commands.sampling import add_sampling, chosen_sampler

SUMMARY = "Quality and diversity of sentences from the prior."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the benchmark."""
    parser.add_argument("runs", metavar="RUN", nargs="+")
    parser.add_argument(
        "--language-model", required=True, metavar="RUN", help="a run of method lm that judges"
    )
    parser.add_argument("-n", type=int, default=10_000, metavar="N", help="number of sentences")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    add_sampling(parser)
    parser.add_argument("--data", metavar="DATA", help="where the corpus is now, if it has moved")


def run(options: argparse.Namespace) -> None:
    """Measures runs and prints the table."""
    scores = {
        Path(path).name: measure_generation(
            path,
            options.language_model,
            options.n,
            options.seed,
            chosen_sampler(options),
            options.data,
        )
        for path in options.runs
    }
    Console().print(generation_table(scores))
