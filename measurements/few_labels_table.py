"""Semi-supervised training with few labels beside the probe of Table 4, by system and seed.

    python measurements/few_labels_table.py DATA --output DIR [--methods vae scale]
        [--labels 100 500 1000] [--seeds 783435 783436] [--settings train_limit=25000]

For each seed and system one run without labels, whose codes are probed as in Table 4 (five draws
of labels, five orders of each), and one run with `condition=label semi_supervised=true` for each
number of labels, with the published classifier_weight, 0.1 times the sentences per labelled one.
Each row of `DIR/few_labels.csv` holds the accuracies on the test sentences, see `few_labels.py`.
What is in it already is not done again, and a run that was stopped goes on from its last
checkpoint. Prints the table, means and standard deviations over seeds. Needs scikit-learn.
"""

import argparse
import shlex
import sys
from pathlib import Path

import pandas as pd
from few_labels import measure

import scale_vae_keras as sv
from scale_vae_keras.benchmarks.density.training_cost import training_cost
from scale_vae_keras.data.corpus import corpus_address, open_corpus
from scale_vae_keras.runs.config import configure, read_setting
from scale_vae_keras.runs.train import Run
from scale_vae_keras.tables import markdown_table, read_csv, write_csv

COLUMNS = {
    "classifier": "label_accuracy",
    "probe": "probe of a run without labels",
    "words": "bag of words",
    "words_and_written": "bag of words, written sentences added",
    "transfer_own": "reconstructed as the other label",
    "transfer_other": "transferred to it",
    "written": "written as asked",
}
"""Shares that the table shows, in %."""


def trained(options, method, seed, name, **settings):
    """The folder of a run that is finished."""
    shared = dict(map(read_setting, options.settings))
    data = corpus_address(options.data)
    config = configure(data, method, options.preset, **{**shared, **settings, "seed": seed})
    folder = options.output / name
    run = Run.open(config, folder)
    run.fit(verbose=2)
    return run.folder


def row_of(options, method, labels, seed):
    sentences = dict(map(read_setting, options.settings)).get("train_limit")
    if sentences is None:
        sentences = sum(1 for _ in open_corpus(options.data).lines("train"))
    probed = trained(options, method, seed, f"{method}-{seed}")
    folder = trained(
        options,
        method,
        seed,
        f"{method}-{labels}-{seed}",
        condition="label",
        semi_supervised=True,
        labelled=labels,
        classifier_weight=0.1 * sentences / labels,
    )
    found = measure(folder.path, probed.path, options.per_label, 1, options.transferred, 5)
    cost = training_cost(folder)
    return {
        "method": method,
        "labels": labels,
        "seed": seed,
        "classifier": found["classifier"],
        "majority": found["majority"],
        "probe": found["probe"]["mean"],
        "probe_deviation": found["probe"]["deviation"],
        "words": found["augmentation"]["real"],
        "words_and_written": found["augmentation"]["both"]["mean"],
        "judge": found["transfer"]["judge_on_test"],
        "transfer_own": found["transfer"]["copies"],
        "transfer_other": found["transfer"]["transferred"],
        "words_shared": found["transfer"]["words_shared"],
        "written": sum(found["judged"].values()) / len(found["judged"]),
        "best_epoch": cost["best_epoch"],
        "cpu_seconds": cost["cpu_seconds"],
        "version": sv.__version__,
        "corpus_fingerprint": folder.corpus_fingerprint,
        "command": shlex.join(["python", *sys.argv]),
    }


def markdown(rows):
    """The table of the figures, in %."""
    lines = []
    for (labels, method), mine in rows.groupby(["labels", "method"], sort=False):
        line = {"labels": f"{labels:,}", "method": method, "seeds": str(len(mine))}
        for name, title in COLUMNS.items():
            spread = f" ± {100 * mine[name].std():.1f}" if len(mine) > 1 else ""
            line[title] = f"{100 * mine[name].mean():.1f}{spread}"
        lines.append(line)
    return markdown_table(pd.DataFrame(lines)) + "\n"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--methods", nargs="+", default=["vae", "scale"])
    parser.add_argument("--labels", nargs="+", type=int, default=[100, 500, 1000])
    parser.add_argument("--seeds", nargs="+", type=int, default=[783435])
    parser.add_argument("--preset", default="small")
    parser.add_argument("--settings", nargs="*", default=[], metavar="NAME=VALUE")
    parser.add_argument("--per-label", type=int, default=1000)
    parser.add_argument("--transferred", type=int, default=500)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    path = options.output / "few_labels.csv"
    for seed in options.seeds:
        for labels in options.labels:
            for method in options.methods:
                rows = read_csv(path, text=["command"]) if path.exists() else pd.DataFrame()
                cell = {"method": method, "labels": labels, "seed": seed}
                if len(rows) and (rows[list(cell)] == pd.Series(cell)).all(axis=1).any():
                    continue
                print(*(f"{name} {value}" for name, value in cell.items()), flush=True)
                row = pd.DataFrame([row_of(options, **cell)])
                write_csv(path, pd.concat([rows, row]))
    print(markdown(read_csv(path)), end="")


if __name__ == "__main__":
    main()
