"""LSTM and Transformer beside each other: one table and one picture of two density benchmarks.

    python measurements/two_decoders.py lstm=DIR transformer=DIR \
        --output docs/data/two_decoders_short_yelp.csv

Each DIR is a folder of `scale-vae benchmark density`. Where the corpus has labels each run's codes
are probed as for Table 4 of the paper; probes that the file has already are kept.
"""

import argparse
from pathlib import Path

import pandas as pd

from scale_vae_keras.benchmarks.density.table import (
    shown_differences,
    shown_epochs,
    shown_means,
    shown_steps,
)
from scale_vae_keras.benchmarks.paper.table import draw_paper_table
from scale_vae_keras.benchmarks.probe import probe_run
from scale_vae_keras.benchmarks.rows import read_rows, run_path, system_means
from scale_vae_keras.metrics import COMPARISON, COST, PROBE
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.settings import method_and_settings
from scale_vae_keras.tables import markdown_table, write_csv

FIGURES = ("elbo_nll", "reconstruction", "kl", "mi", "au", "ess")
LABELS = (100, 1000, 10_000)
REPEATS = 5


def measured(name: str, folder: Path, before: pd.DataFrame | None) -> pd.DataFrame:
    """The rows of a benchmark, with the number of weights and the probes of each run."""
    # The page says the commands, whose paths are those of one machine.
    rows = read_rows(folder / "density.csv").drop(columns="command")
    rows.insert(0, "decoder", name)
    for place, row in rows.iterrows():
        run = RunFolder(run_path(folder, row["system"], row["seed"]))
        model = run.load_model()
        weights = sum(weight.shape.num_elements() for weight in model.trainable_weights)
        rows.loc[place, "weights"] = weights
        if not run.has_labels or not model.latent_dim:
            continue
        known = None if before is None else before[of(before, name, row["system"], row["seed"])]
        if known is not None and len(known) and known["probe_100"].notna().all():
            accuracies = {count: known[f"probe_{count}"].iloc[0] for count in LABELS}
        else:
            probed = probe_run(str(run.path), REPEATS).accuracies
            accuracies = {count: 100 * probed[count].mean for count in LABELS}
        for count, accuracy in accuracies.items():
            rows.loc[place, f"probe_{count}"] = accuracy
    return rows


def of(rows: pd.DataFrame, decoder: str, system: str, seed: int) -> pd.Series:
    """Which rows are those of a run."""
    return (rows["decoder"] == decoder) & (rows["system"] == system) & (rows["seed"] == seed)


def by_decoder(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with names that say the decoder: `vae: transformer`.

    That the encoder is one as well is left out of a system's settings.
    """
    named = []
    for system, decoder in zip(rows["system"], rows["decoder"], strict=True):
        method, own = method_and_settings(system)
        told = [each for each in own if each != "encoder=transformer"]
        named.append(f"{':'.join([method, ','.join(told)] if told else [method])}: {decoder}")
    return rows.assign(system=pd.array(named, "string"))


def markdown(rows: pd.DataFrame) -> str:
    """The means over seeds of each system with each decoder, as a table."""
    probes = [f"probe_{count}" for count in LABELS if f"probe_{count}" in rows]
    measures = ["iw_nll", *COMPARISON, *FIGURES, *probes, "weights", *COST]
    means = system_means(by_decoder(rows), measures)
    names = means.index.str.rpartition(": ")
    shown = {
        "system": [name for name, _, _ in names],
        "LSTM or Transformer": [decoder for _, _, decoder in names],
        "seeds": means["seeds"].map(str).to_numpy(),
        "weights, millions": [f"{weights / 1e6:.2f}" for weights in means["weights"]],
        "iw_nll": shown_means(means, "iw_nll"),
        **shown_differences(means),
        **{name: shown_means(means, name) for name in FIGURES},
    }
    for name in probes:
        count = int(name.partition("_")[2])
        shown[f"probe, {count:,}"] = shown_means(means, name, {name: PROBE["accuracy"]})
    shown["epochs (best)"] = shown_epochs(means)
    shown |= shown_steps(means)
    shown["processor s to best"] = shown_means(means, "cpu_seconds_to_best", COST)
    return markdown_table(pd.DataFrame(shown))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", metavar="NAME=DIR", nargs="+")
    parser.add_argument("--output", required=True, type=Path, metavar="FILE.csv")
    arguments = parser.parse_args()

    before = read_rows(arguments.output) if arguments.output.exists() else None
    named = (folder.partition("=") for folder in arguments.folders)
    parts = [measured(name, Path(folder), before) for name, _, folder in named]
    rows = pd.concat(parts, ignore_index=True)
    write_csv(arguments.output, rows)
    drawn = by_decoder(rows)
    if rows["decoder"].nunique() == 1:
        drawn["system"] = drawn["system"].str.rpartition(": ")[0]
    draw_paper_table(drawn, arguments.output.with_suffix(".png"))
    print(markdown(rows))


if __name__ == "__main__":
    main()
