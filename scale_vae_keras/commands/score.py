"""`scale-vae score`: how likely each line is, and the oddest ones."""

import argparse

from scale_vae_keras.commands.console import at_least
from scale_vae_keras.commands.lines import add_lines, lines_of, target_labels
from scale_vae_keras.commands.precision_flag import add_precision
from scale_vae_keras.runs.load import load
from scale_vae_keras.text.lines import one_line

_COLUMNS = (
    *("line", "nats_per_token", "bits_per_byte", "log_likelihood", "standard_error", "ess"),
    "text",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    add_lines(parser)
    parser.add_argument(
        "--oddest",
        type=at_least(1, int),
        metavar="N",
        help="show only the N lines with the most nats per token, the oddest first; by default all "
        "lines in their order",
    )
    parser.add_argument(
        "--samples",
        type=int,
        default=100,
        metavar="N",
        help="importance samples per line, 100 by default",
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="seed of the samples, 0 by default"
    )
    add_precision(parser, "float32")


def run(options: argparse.Namespace) -> None:
    """Prints a table with a tab between columns: a line for each line of the text."""
    texts, labels = lines_of(options, options.file)
    model = load(options.run, options.precision)
    label = target_labels(model, None, labels)
    scores = model.score(texts, options.samples, options.seed, label)
    places = range(len(texts)) if options.oddest is None else scores.oddest(options.oddest)
    print(*_COLUMNS, sep="\t")
    for place in places:
        print(
            place + 1,
            f"{scores.nats_per_token[place]:.3f}",
            f"{scores.bits_per_byte[place]:.3f}",
            f"{scores.log_likelihood[place]:.3f}",
            f"{scores.standard_error[place]:.3f}",
            f"{scores.ess[place]:.1f}",
            one_line(texts[place]),
            sep="\t",
        )
