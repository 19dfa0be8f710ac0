"""`scale-vae export`: a SavedModel."""

import argparse

from scale_vae_keras.errors import InputError
from scale_vae_keras.runs.export import export as write


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument("run", metavar="RUN", help="the run folder")
    parser.add_argument(
        "directory",
        metavar="DIR",
        help="the folder of the served model, which holds one folder per version",
    )
    parser.add_argument(
        "--version",
        type=int,
        metavar="N",
        help="version number; the next free one by default",
    )


def run(options: argparse.Namespace) -> None:
    """Writes a run as a SavedModel and prints where."""
    try:
        print(write(options.run, options.directory, options.version))
    except RuntimeError as error:
        raise InputError(f"the exported model is not published: {error}") from error
