"""`scale-vae interpolate`: sentences between two sentences."""

import argparse

from scale_vae_keras.data.lines import one_line
from scale_vae_keras.runs.load import load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("start", metavar="TEXT_A")
    parser.add_argument("end", metavar="TEXT_B")
    parser.add_argument("--steps", type=int, default=7, metavar="N")


def run(options: argparse.Namespace) -> None:
    """Prints sentences between two sentences."""
    for text in load(options.run).interpolate(options.start, options.end, options.steps):
        print(one_line(text))
