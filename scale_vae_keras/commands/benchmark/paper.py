"""`scale-vae benchmark paper`: the tables and the figure of the paper."""

import argparse

from scale_vae_keras.benchmarks.paper.benchmark import benchmark_paper
from scale_vae_keras.benchmarks.paper.table import show_paper_table
from scale_vae_keras.commands.benchmark import latent
from scale_vae_keras.commands.benchmark.density import add_prior, protocol_of
from scale_vae_keras.commands.console import typed_command
from scale_vae_keras.errors import InputError

_OF_TABLES = {
    *("data", "output", "beside", "methods", "preset", "settings", "seeds", "samples", "limit"),
    *("prior", "n"),
}
_READ = {"table": _OF_TABLES, "figure": {"output", "epochs", "seed"}, "show": set()}
"""The flags that go with each of the three."""
_IN_TABLES = {"epochs": "--settings epochs=N", "seed": "--seeds N"}

SUMMARY = (
    "Make a table or the figure of the Scale-VAE paper, with the paper's numbers beside ours; the "
    "same command resumes an interrupted benchmark, and the tables in a folder share their runs."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the benchmark."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--table",
        type=int,
        metavar="N",
        help="number of the table, 1 to 5; needs --data and --output",
    )
    which.add_argument(
        "--figure",
        choices=("latent",),
        help="the figure, as made by benchmark latent; needs only --output",
    )
    which.add_argument("--show", metavar="FILE.csv", help="print a table made earlier")
    parser.add_argument("--data", metavar="DATA", help="the corpus, as for train")
    parser.add_argument(
        "--output", metavar="DIR", help="folder of this command or of benchmark density"
    )
    parser.add_argument(
        "--beside",
        choices=("yahoo", "yelp"),
        help="corpus whose published numbers are shown beside ours: yelp by default; the paper's "
        "tables 3 and 5 are on yahoo, table 4 is on yelp",
    )
    parser.add_argument(
        "--methods",
        nargs="+",
        default=[],
        metavar="NAME",
        help="systems to show in place of the paper's, as for benchmark density",
    )
    parser.add_argument(
        "--preset",
        default="small",
        help="small (default), transformer, base or paper, which also takes f_epo from the paper",
    )
    parser.add_argument(
        "--settings", nargs="+", default=[], metavar="NAME=VALUE", help="settings of every run"
    )
    parser.add_argument(
        "--seeds",
        type=int,
        nargs="+",
        default=[1, 2, 3, 4, 5],
        metavar="N",
        help="train one run of each system per seed; 1 to 5 by default",
    )
    parser.add_argument(
        "--samples",
        type=int,
        default=500,
        metavar="N",
        help="importance samples per sentence, 500 by default",
    )
    parser.add_argument(
        "--limit", type=int, metavar="N", help="only the first N test sentences; all by default"
    )
    add_prior(parser)
    parser.add_argument(
        "-n", type=int, default=10_000, metavar="N", help="sentences for table 5, 10,000 by default"
    )
    parser.add_argument(
        "--epochs",
        type=int,
        default=10,
        metavar="N",
        help="epochs per run for --figure, 10 by default",
    )
    parser.add_argument(
        "--seed", type=int, default=783435, metavar="N", help="seed of --figure, 783435 by default"
    )


def run(options: argparse.Namespace) -> None:
    """Makes or shows a table, or draws the figure."""
    _refuse_unread(options)
    if options.figure is not None:
        if options.output is None:
            raise InputError("where to? Give --output DIR")
        latent.run(options)
    elif options.show is not None:
        print(show_paper_table(options.show), end="")
    elif options.data is None or options.output is None:
        raise InputError("a table needs a corpus and a folder: give --data DATA and --output DIR")
    else:
        table = benchmark_paper(
            options.table,
            protocol_of(options, published=True),
            options.output,
            typed_command(options),
            options.beside,
            options.methods,
            options.seeds,
            options.n,
        )
        print(table, end="")


def _refuse_unread(options):
    [kind] = [kind for kind in _READ if getattr(options, kind) is not None]
    typed = {_flag_of(word) for word in options.words if word.startswith("-")}
    for name in sorted(typed & set.union(*_READ.values()) - _READ[kind]):
        flag = f"-{name}" if len(name) == 1 else f"--{name}"
        instead = f", or give {_IN_TABLES[name]}" if kind == "table" else ""
        raise InputError(f"{flag} has no effect with --{kind}: leave it out{instead}")


def _flag_of(word):
    """The flag of a word, whose value may be glued to it."""
    if not word.startswith("--"):
        return word[1:2]
    return word[2:].partition("=")[0]
