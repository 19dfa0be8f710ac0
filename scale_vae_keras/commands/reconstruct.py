"""`scale-vae reconstruct`: each line anew."""

import argparse

from scale_vae_keras.commands.console import ids_of_lines, longest, print_sentences, read_lines
from scale_vae_keras.runs.run_folder import RunFolder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("file", metavar="FILE", nargs="?", help="standard input when left out")


def run(options: argparse.Namespace) -> None:
    """Prints the reconstruction of each line."""
    folder = RunFolder(options.run)
    model = folder.load_model()
    for ids in ids_of_lines(folder.tokenizer, read_lines(options.file)):
        print_sentences(folder.tokenizer, model.reconstruct(ids, max_length=longest(folder)).ids)
