"""`scale-vae interpolate`: sentences between two sentences."""

import argparse

from scale_vae_keras.commands.console import longest, print_sentences
from scale_vae_keras.runs.run_folder import RunFolder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("start", metavar="TEXT_A")
    parser.add_argument("end", metavar="TEXT_B")
    parser.add_argument("--steps", type=int, default=7, metavar="N")


def run(options: argparse.Namespace) -> None:
    """Prints sentences between two sentences."""
    folder = RunFolder(options.run)
    model = folder.load_model()
    start, end = (folder.tokenizer([text]).to_tensor() for text in (options.start, options.end))
    sentences = model.interpolate(start, end, options.steps, max_length=longest(folder))
    print_sentences(folder.tokenizer, sentences.ids)
