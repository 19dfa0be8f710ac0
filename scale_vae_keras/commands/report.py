"""`scale-vae report`: a page about a run."""

import argparse

from scale_vae_keras.commands.console import add_moved_corpus
from scale_vae_keras.report.page import write_report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument("run", metavar="RUN", help="the run folder")
    parser.add_argument(
        "--output", metavar="FILE.html", help="the page to write, RUN/report.html by default"
    )
    add_moved_corpus(parser)


def run(options: argparse.Namespace) -> None:
    """Writes the page about a run and prints where it is."""
    print(write_report(options.run, options.output, options.data))
