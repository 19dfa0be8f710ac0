"""`scale-vae reconstruct`: each line anew."""

import argparse

from scale_vae_keras.data.lines import one_line, read_lines
from scale_vae_keras.runs.load import load
from scale_vae_keras.runs.run_folder import RunFolder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument("run", metavar="RUN")
    parser.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        help="one text per line, or label<TAB>text as in the run's corpus; standard input when "
        "left out",
    )
    parser.add_argument("--encoding", metavar="NAME", help="of the file, UTF-8 by default")


def run(options: argparse.Namespace) -> None:
    """Prints the reconstruction of each line."""
    labelled = RunFolder(options.run).has_labels
    texts, _ = read_lines(options.file, labelled, options.encoding)
    for text in load(options.run).reconstruct(texts):
        print(one_line(text))
