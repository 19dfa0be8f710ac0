"""`scale-vae benchmark`: compares systems or runs; one file per benchmark."""

import argparse

from scale_vae_keras.commands.benchmark import (
    control,
    density,
    generation,
    latent,
    paper,
    probe,
    speed,
)

BENCHMARKS = {
    "density": density,
    "paper": paper,
    "latent": latent,
    "probe": probe,
    "generation": generation,
    "control": control,
    "speed": speed,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The benchmarks and their flags."""
    benchmarks = parser.add_subparsers(dest="benchmark", required=True, metavar="NAME")
    for name, module in BENCHMARKS.items():
        summary = module.SUMMARY
        module.add_arguments(benchmarks.add_parser(name, help=summary, description=summary))


def run(options: argparse.Namespace) -> None:
    """Runs the benchmark that was named."""
    BENCHMARKS[options.benchmark].run(options)
