"""`scale-vae shift`: each line moved along an attribute."""

import argparse

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
    parser.add_argument(
        "--from",
        dest="without",
        required=True,
        metavar="FILE",
        help="texts without the attribute, as FILE",
    )
    parser.add_argument(
        "--to",
        dest="having",
        required=True,
        metavar="FILE",
        help="texts with it; the vector is their mean code less that of --from",
    )
    parser.add_argument(
        "--amount",
        type=float,
        default=1.0,
        metavar="X",
        help="how many times the vector is added, 1 by default; 0 reconstructs, and a negative "
        "number moves the other way",
    )
    parser.add_argument("--encoding", metavar="NAME", help="of the files, UTF-8 by default")
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of tokens that are drawn, 0 by default"
    )
    add_sampling(parser, "the likeliest token, greedily,")


def run(options: argparse.Namespace) -> None:
    """Prints each line moved along the attribute."""
    labelled = RunFolder(options.run).has_labels
    texts, without, having = (
        read_lines(file, labelled, options.encoding)[0]
        for file in (options.file, options.without, options.having)
    )
    sampler = chosen_sampler(options, GreedySampler())
    model = load(options.run)
    vector = model.attribute_vector(without, having)
    for text in model.shift(texts, vector, options.amount, sampler, options.seed):
        print(one_line(text))
