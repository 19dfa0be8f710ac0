"""`scale-vae interpolate`: sentences between two sentences."""

import argparse

from scale_vae_keras.commands.precision_flag import add_precision
from scale_vae_keras.commands.sampling import add_sampling, chosen_sampler
from scale_vae_keras.runs.load import load
from scale_vae_keras.samplers import GreedySampler
from scale_vae_keras.text.lines import one_line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument("run", metavar="RUN", help="the run folder")
    parser.add_argument("start", metavar="TEXT_A", help="the first sentence")
    parser.add_argument("end", metavar="TEXT_B", help="the last sentence")
    parser.add_argument(
        "--steps",
        type=int,
        default=7,
        metavar="N",
        help="number of sentences, including both ends; 7 by default",
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="seed of drawn tokens, 0 by default"
    )
    parser.add_argument(
        "--label", metavar="NAME", help="label of the sentences, for a run with a condition"
    )
    add_sampling(parser, "the most likely token (greedy decoding)")
    add_precision(parser)


def run(options: argparse.Namespace) -> None:
    """Prints sentences between two sentences."""
    sampler = chosen_sampler(options, GreedySampler())
    texts = load(options.run, options.precision).interpolate(
        options.start, options.end, options.steps, sampler, options.seed, options.label
    )
    for text in texts:
        print(one_line(text))
