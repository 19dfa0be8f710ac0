"""`scale-vae reconstruct`: reconstructs each line."""

import argparse

from scale_vae_keras.commands.lines import add_lines, lines_of, own_labels, target_labels
from scale_vae_keras.commands.precision_flag import add_precision
from scale_vae_keras.commands.sampling import add_sampling, chosen_sampler
from scale_vae_keras.runs.load import load
from scale_vae_keras.samplers import GreedySampler
from scale_vae_keras.text.lines import one_line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    add_lines(parser)
    parser.add_argument(
        "--label",
        metavar="NAME",
        help="label to write with, for a run with a condition: by default each line's own; "
        "another one transfers the style",
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="seed of drawn tokens, 0 by default"
    )
    add_sampling(parser, "the most likely token (greedy decoding)")
    add_precision(parser)


def run(options: argparse.Namespace) -> None:
    """Prints the reconstruction of each line."""
    texts, own = lines_of(options, options.file)
    sampler = chosen_sampler(options, GreedySampler())
    model = load(options.run, options.precision)
    label = target_labels(model, options.label, own)
    written = model.reconstruct(texts, sampler, options.seed, label, own_labels(model, own))
    for text in written:
        print(one_line(text))
