"""`scale-vae reconstruct`: each line anew."""

import argparse

from scale_vae_keras.commands.own_labels import own_labels
from scale_vae_keras.commands.sampling import add_sampling, chosen_sampler
from scale_vae_keras.data.lines import one_line, read_lines
from scale_vae_keras.runs.load import load
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.samplers import GreedySampler


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument("run", metavar="RUN", help="the run folder")
    parser.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        help="one text per line, or label<TAB>text as in the run's corpus; standard input when "
        "left out",
    )
    parser.add_argument("--encoding", metavar="NAME", help="of the file, UTF-8 by default")
    parser.add_argument(
        "--label",
        metavar="NAME",
        help="what a run with a condition writes; by default each line's own label, and another "
        "transfers the style",
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of tokens that are drawn, 0 by default"
    )
    add_sampling(parser, "the likeliest token, greedily,")


def run(options: argparse.Namespace) -> None:
    """Prints the reconstruction of each line."""
    labelled = RunFolder(options.run).has_labels
    texts, own = read_lines(options.file, labelled, options.encoding)
    sampler = chosen_sampler(options, GreedySampler())
    model = load(options.run)
    label = options.label
    if label is None and model.labels:
        label = own
    written = model.reconstruct(texts, sampler, options.seed, label, own_labels(model, own))
    for text in written:
        print(one_line(text))
