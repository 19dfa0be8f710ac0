"""`scale-vae benchmark latent`: pictures and figures of latent spaces."""

import argparse

from rich.console import Console

from scale_vae_keras.benchmarks.latent import benchmark_latent, latent_table
from scale_vae_keras.commands.console import typed_command

SUMMARY = (
    "Draw and measure the latent space of three systems under three ways of batching; the same "
    "command goes on where it was interrupted."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the benchmark."""
    parser.add_argument("--output", required=True, metavar="DIR")
    parser.add_argument("--epochs", type=int, default=10, metavar="N", help="10 by default")
    parser.add_argument("--seed", type=int, default=783435, metavar="N")


def run(options: argparse.Namespace) -> None:
    """Trains, draws and measures, and prints the table."""
    rows = benchmark_latent(options.output, options.epochs, options.seed, typed_command(options))
    Console().print(latent_table(rows))
