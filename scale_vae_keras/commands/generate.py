"""`scale-vae generate`: sentences from the prior."""

import argparse

from scale_vae_keras.commands.sampling import add_sampling, chosen_sampler
from scale_vae_keras.data.lines import one_line
from scale_vae_keras.runs.load import load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument("run", metavar="RUN", help="the run folder")
    parser.add_argument("-n", type=int, default=10, metavar="N", help="sentences, 10 by default")
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="the same seed gives the same sentences; 0 by default",
    )
    add_sampling(parser, "top-p 0.9")


def run(options: argparse.Namespace) -> None:
    """Prints sentences from the model's prior."""
    sampler = chosen_sampler(options)
    for text in load(options.run).generate(options.n, options.seed, sampler):
        print(one_line(text))
