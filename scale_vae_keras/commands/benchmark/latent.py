"""`scale-vae benchmark latent`: pictures and figures of latent spaces."""

import argparse

from scale_vae_keras.benchmarks.latent import benchmark_latent, latent_table
from scale_vae_keras.commands.console import terminal, typed_command

SUMMARY = (
    "Draw and measure the latent space of three systems under three ways of batching; the same "
    "command resumes an interrupted benchmark."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the benchmark."""
    parser.add_argument(
        "--output", required=True, metavar="DIR", help="folder for runs and pictures"
    )
    parser.add_argument(
        "--epochs", type=int, default=10, metavar="N", help="epochs per run, 10 by default"
    )
    parser.add_argument(
        "--seed", type=int, default=783435, metavar="N", help="seed of the runs, 783435 by default"
    )


def run(options: argparse.Namespace) -> None:
    """Trains, draws and measures, and prints the table."""
    rows = benchmark_latent(options.output, options.epochs, options.seed, typed_command(options))
    terminal().print(latent_table(rows))
