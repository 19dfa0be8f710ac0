"""`scale-vae benchmark speed`: times on this machine."""

import argparse

from scale_vae_keras.benchmarks.speed.benchmark import benchmark_speed, speed_table
from scale_vae_keras.commands.console import terminal, typed_command
from scale_vae_keras.errors import InputError
from scale_vae_keras.files import check_place
from scale_vae_keras.tables import write_csv

SUMMARY = (
    "Time training, generation and importance weighting on this machine with random weights, in "
    "comparison with keras.layers.LSTM and large matrix products."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the benchmark."""
    parser.add_argument(
        "--shape",
        default="short",
        choices=("short", "paper"),
        help="short (default): batch 64, 12 tokens, embedding 128, LSTM 256, vocabulary 8,000; "
        "paper: batch 32, 80 tokens, embedding 512, LSTM 1024, vocabulary 20,001",
    )
    parser.add_argument(
        "--data", metavar="DATA", help="also time training on the sentence lengths of this corpus"
    )
    parser.add_argument(
        "--rounds", type=int, default=5, metavar="N", help="number of measurements, 5 by default"
    )
    parser.add_argument(
        "--sweep",
        nargs="+",
        default=[],
        choices=("vocabulary", "length", "batch", "latent"),
        help="sizes to vary, one at a time",
    )
    parser.add_argument("--output", metavar="FILE.csv", help="file for the figures")


def run(options: argparse.Namespace) -> None:
    """Measures, and prints the table."""
    if options.output is not None and not options.output.endswith(".csv"):
        raise InputError(f"{options.output} must end in .csv")
    if options.output is not None:
        check_place(options.output)
    rows = benchmark_speed(
        options.shape, options.data, options.rounds, options.sweep, typed_command(options)
    )
    if options.output is not None:
        write_csv(options.output, rows)
    terminal().print(speed_table(rows))
