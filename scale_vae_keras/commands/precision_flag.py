"""The precision of commands that run a trained model."""

import argparse

from scale_vae_keras.runs.in_precision import PRECISIONS


def add_precision(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    """Adds the precision that encoder and decoder compute in; None is that of their training."""
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default=default,
        help="what encoder and decoder compute in, by default "
        f"{default or 'what the run was trained in'}; bfloat16 is faster where the processor "
        "computes in it, and rounds",
    )
