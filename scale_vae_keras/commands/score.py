"""`scale-vae score`: how likely each line is, and the oddest ones."""

import argparse

from scale_vae_keras.commands.console import at_least
from scale_vae_keras.data.lines import one_line, read_lines
from scale_vae_keras.runs.load import load
from scale_vae_keras.runs.run_folder import RunFolder

_COLUMNS = (
    *("line", "nats_per_token", "bits_per_byte", "log_likelihood", "standard_error", "ess"),
    "text",
)


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
        "--oddest",
        type=at_least(1, int),
        metavar="N",
        help="only the N lines with the most nats per token, the oddest first; all lines in their "
        "order by default",
    )
    parser.add_argument(
        "--samples",
        type=int,
        default=100,
        metavar="N",
        help="importance samples per line, 100 by default",
    )
    parser.add_argument("--encoding", metavar="NAME", help="of the file, UTF-8 by default")
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of the samples, 0 by default"
    )


def run(options: argparse.Namespace) -> None:
    """Prints a table with a tab between columns: a line for each line of the text."""
    texts, _ = read_lines(options.file, RunFolder(options.run).has_labels, options.encoding)
    scores = load(options.run).score(texts, options.samples, options.seed)
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
