"""`scale-vae benchmark density`: likelihood and information of all systems."""

import argparse

from scale_vae_keras.benchmarks.density.benchmark import Protocol, all_systems, benchmark_density
from scale_vae_keras.benchmarks.density.table import density_table
from scale_vae_keras.commands.console import log_to_terminal, terminal, typed_command
from scale_vae_keras.priors import ALIASES, PRIORS

SUMMARY = (
    "Train systems under one protocol and compare their likelihood and information; the same "
    "command resumes an interrupted comparison."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the benchmark."""
    parser.add_argument("--data", required=True, metavar="DATA", help="the corpus, as for train")
    parser.add_argument("--output", required=True, metavar="DIR", help="folder for runs and tables")
    parser.add_argument(
        "--methods",
        nargs="+",
        default=["all"],
        metavar="NAME",
        help="all (default), or systems, each with settings of its own if need be: "
        "scale:des_std=0.9,f_epo=3",
    )
    parser.add_argument(
        "--preset", default="small", help="small (default), transformer, base or paper"
    )
    parser.add_argument(
        "--settings",
        nargs="+",
        default=[],
        metavar="NAME=VALUE",
        help="settings of every run, for instance epochs=6 train_limit=25000",
    )
    parser.add_argument(
        "--seeds",
        type=int,
        nargs="+",
        default=[783435],
        metavar="N",
        help="train one run of each system per seed; 783435 by default",
    )
    parser.add_argument(
        "--samples",
        type=int,
        default=100,
        metavar="N",
        help="importance samples per sentence, 100 by default",
    )
    parser.add_argument(
        "--limit", type=int, metavar="N", help="only the first N test sentences; all by default"
    )
    add_prior(parser)
    parser.add_argument(
        "--published",
        action="store_true",
        help="use the published choices in place of the preset's own: tokens are words, the "
        "encoder's last state, the best epoch by the objective, and each paper's prior",
    )


def run(options: argparse.Namespace) -> None:
    """Trains and measures, and prints the table."""
    log_to_terminal()
    systems = list(
        dict.fromkeys(
            system
            for name in options.methods
            for system in (all_systems() if name == "all" else [name])
        )
    )
    rows = benchmark_density(
        systems,
        options.seeds,
        protocol_of(options, options.published),
        options.output,
        typed_command(options),
    )
    terminal().print(density_table(rows))


def add_prior(parser: argparse.ArgumentParser) -> None:
    """Adds the flag of the prior."""
    parser.add_argument(
        "--prior",
        choices=(*PRIORS, *ALIASES),
        help="prior to measure likelihoods under; each model's own by default",
    )


def protocol_of(options: argparse.Namespace, published: bool) -> Protocol:
    """What the flags say that all systems share."""
    return Protocol(
        options.data,
        options.preset,
        options.settings,
        options.samples,
        options.limit,
        options.prior,
        published,
    )
