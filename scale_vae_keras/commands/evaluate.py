"""`scale-vae evaluate`: measures runs."""

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console

from scale_vae_keras.evaluation.report import metrics_table, notes
from scale_vae_keras.priors import ALIASES, PRIORS
from scale_vae_keras.runs.evaluate_run import evaluate_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument("runs", metavar="RUN", nargs="+", help="several are shown side by side")
    parser.add_argument("--split", default="test", choices=("train", "valid", "test"))
    parser.add_argument(
        "--samples", type=int, default=500, metavar="N", help="importance samples; 0 for none"
    )
    parser.add_argument(
        "--prior",
        choices=(*PRIORS, *ALIASES),
        help="whose likelihood: the model's own prior by default; scaled, standard, diagonal, full "
        "or mixture, of which the last three are fitted to the training posteriors",
    )
    parser.add_argument("--data", metavar="DATA", help="where the corpus is now, if it has moved")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N sentences")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--json", action="store_true", help="print metrics.json instead of a table")


def run(options: argparse.Namespace) -> None:
    """Measures runs, writes their `metrics.json` and prints a table or JSON."""
    console = Console()
    metrics = {}
    for path in options.runs:
        metrics[path] = evaluate_run(
            path,
            options.split,
            options.samples,
            options.prior,
            options.seed,
            options.limit,
            progress=sys.stderr.isatty(),
            data=options.data,
        )
    if options.json:
        print(json.dumps(metrics if len(metrics) > 1 else metrics[path], indent=2))
        return
    console.print(metrics_table({Path(path).name: values for path, values in metrics.items()}))
    for path, values in metrics.items():
        for line in notes(values):
            console.print(f"{Path(path).name}: {line}")
