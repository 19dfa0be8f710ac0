"""`scale-vae shift`: each line moved along an attribute."""

import argparse
from itertools import compress

from scale_vae_keras.commands.lines import add_lines, lines_of, own_labels, target_labels
from scale_vae_keras.commands.precision_flag import add_precision
from scale_vae_keras.commands.sampling import add_sampling, chosen_sampler
from scale_vae_keras.errors import InputError
from scale_vae_keras.runs.load import load
from scale_vae_keras.samplers import GreedySampler
from scale_vae_keras.text.lines import one_line
from scale_vae_keras.text.white_space import is_blank


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    add_lines(parser)
    parser.add_argument(
        "--from",
        dest="without",
        required=True,
        metavar="FILE",
        help="texts without the attribute, in the same form as FILE",
    )
    parser.add_argument(
        "--to",
        dest="having",
        required=True,
        metavar="FILE",
        help="texts with the attribute; the vector is their mean code minus that of --from",
    )
    parser.add_argument(
        "--amount",
        type=float,
        default=1.0,
        metavar="X",
        help="multiple of the vector to add, 1 by default; 0 reconstructs, a negative number moves "
        "the other way",
    )
    parser.add_argument(
        "--label",
        metavar="NAME",
        help="what a run with a condition writes; by default each line's own label",
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="seed of drawn tokens, 0 by default"
    )
    add_sampling(parser, "the most likely token (greedy decoding)")
    add_precision(parser)


def run(options: argparse.Namespace) -> None:
    """Prints each line moved along the attribute."""
    texts, own = lines_of(options, options.file)
    without, having = (_examples(options, file) for file in (options.without, options.having))
    sampler = chosen_sampler(options, GreedySampler())
    model = load(options.run, options.precision)
    vector = model.attribute_vector(
        without[0], having[0], own_labels(model, without[1]), own_labels(model, having[1])
    )
    label = target_labels(model, options.label, own)
    read = own_labels(model, own)
    for text in model.shift(texts, vector, options.amount, sampler, options.seed, label, read):
        print(one_line(text))


def _examples(options, file):
    """As `lines_of`, without the blank lines, which are no examples of anything."""
    texts, labels = lines_of(options, file)
    filled = [not is_blank(text) for text in texts]
    if not any(filled):
        raise InputError(f"{file} has no text: give at least one line")
    return list(compress(texts, filled)), None if labels is None else list(compress(labels, filled))
