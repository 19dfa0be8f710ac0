"""`scale-vae benchmark generation`: quality and diversity of sentences."""

import argparse

from scale_vae_keras.benchmarks.generation import generation_table, measure_generation
from scale_vae_keras.commands.console import (
    add_formats,
    add_moved_corpus,
    add_runs,
    log_to_terminal,
    print_figures,
    short_names,
)
from scale_vae_keras.commands.sampling import add_sampling, chosen_sampler
from scale_vae_keras.commands.trained_runs import trained_runs

SUMMARY = "Quality and diversity of sentences from the prior."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the benchmark."""
    add_runs(parser)
    parser.add_argument(
        "--language-model",
        required=True,
        metavar="RUN",
        help="run of method lm that judges the sentences",
    )
    parser.add_argument(
        "-n", type=int, default=10_000, metavar="N", help="number of sentences, 10,000 by default"
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="seed of the sentences, 0 by default"
    )
    add_sampling(parser, "top-p 0.9")
    add_moved_corpus(parser)
    add_formats(parser)


def run(options: argparse.Namespace) -> None:
    """Measures runs and prints the table."""
    log_to_terminal()
    scores = {
        path: measure_generation(
            path,
            options.language_model,
            options.n,
            options.seed,
            chosen_sampler(options),
            options.data,
        )
        for path in trained_runs(options.runs, latent=True)
    }
    names = short_names(scores)
    shown = {names[path]: mine for path, mine in scores.items()}
    print_figures(options, scores, lambda: generation_table(shown))
