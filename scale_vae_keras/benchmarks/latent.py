"""The latent space under three ways of batching, the latent-space figure of the Scale-VAE paper."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from scale_vae_keras import __version__
from scale_vae_keras.evaluation.encode import encode_sentences
from scale_vae_keras.evaluation.evaluate import evaluate_model
from scale_vae_keras.evaluation.information import aggregate_divergence
from scale_vae_keras.evaluation.prior import declared_prior
from scale_vae_keras.evaluation.probe import Labelled, probe
from scale_vae_keras.evaluation.silhouette import silhouette
from scale_vae_keras.metrics import LATENT_SPACE
from scale_vae_keras.pictures import draw_latent_grid, open_pyplot
from scale_vae_keras.runs.config import RunConfig, configure, published_settings
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.runs.train import Run
from scale_vae_keras.tables import FittedTable, write_csv

_SYSTEMS = {"vae": "plain VAE", "bn": "BN-VAE", "scale": "Scale-VAE"}
_PARTITIONS = {
    "kept": ("random, kept", {}),
    "resplit": ("random, re-split", {"resplit": True}),
    "component": ("one component", {"by_label": True}),
}
_SETTINGS = {
    "latent_dim": 2,
    "embedding_dim": 50,
    "units": 50,
    "batch_size": 32,
    "kl_epochs": 3,
}
_PROBE_LABELS = 1_000
_PROBE_DRAWS = 5


def benchmark_latent(
    output: str | os.PathLike, epochs: int, seed: int, command: str
) -> pd.DataFrame:
    """Trains three systems with three ways of batching on `synthetic`, and measures their maps.

    The sentences of `synthetic` come from a mixture of four Gaussians in two dimensions, and the
    models have two latent dimensions. The batches of an epoch are random and kept for the whole
    run, random and paired anew each epoch, or each of one component and kept. Writes the nine run
    folders `SYSTEM-PARTITION`, the picture `latent.png` of the test sentences' posterior means that
    the decoder sees, and the table `latent.csv`. Pooling, best epoch and prior are the published
    ones. Runs that are there are continued or used as they are.

    Args:
        output: the folder of the benchmark.
        epochs: epochs of each run.
        seed: seed of each run and of the measures.
        command: what the user typed, for the table.

    Returns:
        The rows of `latent.csv`.

    Raises:
        InputError: a setting is out of range, `output` holds runs with other settings, or
            matplotlib is not installed.
    """
    open_pyplot()
    output = Path(output)
    configs = {
        (system, partition): configure(
            "synthetic",
            system,
            "small",
            **{**published_settings(system), **_SETTINGS, **own},
            epochs=epochs,
            seed=seed,
        )
        for system in _SYSTEMS
        for partition, (_, own) in _PARTITIONS.items()
    }
    rows, maps = [], {}
    for (system, partition), config in configs.items():
        print(f"{_SYSTEMS[system]}, {_PARTITIONS[partition][0]}", flush=True)
        folder = _train(config, output / f"{system}-{partition}")
        measures, means, components = _measure(folder, seed)
        maps.setdefault(_SYSTEMS[system], {})[_PARTITIONS[partition][0]] = means
        rows.append(
            {
                "system": system,
                "partition": partition,
                **measures,
                "epochs": epochs,
                "seed": seed,
                "corpus_fingerprint": folder.corpus_fingerprint,
                "version": __version__,
                "command": command,
            }
        )
    table = pd.DataFrame(rows)
    write_csv(output / "latent.csv", table)
    draw_latent_grid(maps, components, "component", output / "latent.png")
    return table


def _train(config: RunConfig, path: Path) -> RunFolder:
    run = Run.open(config, path)
    run.fit(verbose=2)
    return run.folder


def _measure(folder, seed):
    """The measures of a run, the test sentences' means `[sentences, latent]`, and their labels."""
    model = folder.load_model()
    train, test = folder.encode("train"), folder.encode("test")
    encoded = encode_sentences(model, test)
    half = test.sentences // 2
    accuracy = probe(
        Labelled(encode_sentences(model, train).mean, train.labels),
        Labelled(encoded.mean[:half], test.labels[:half]),
        Labelled(encoded.mean[half:], test.labels[half:]),
        min(_PROBE_LABELS, train.sentences),
        subsets=_PROBE_DRAWS,
        seeds=1,
        seed=seed,
    )
    metrics = evaluate_model(model, test, samples=0, seed=seed)
    posterior = (encoded.mean, encoded.log_var)
    measures = {
        "accuracy": 100 * accuracy.mean,
        "accuracy_sd": 100 * accuracy.deviation,
        "silhouette": silhouette(encoded.mean, test.labels),
        "holes": aggregate_divergence(*posterior, declared_prior(model, "scaled"), seed),
        "mi": metrics["mi"],
        "kl": metrics["kl"],
        "elbo_nll": metrics["elbo_nll"],
        "spread": float(np.std(encoded.mean, axis=0, ddof=1, dtype=np.float64).mean()),
        "factor": metrics["factor"]["mean"],
    }
    return measures, encoded.mean, test.labels


def latent_table(rows: pd.DataFrame) -> FittedTable:
    """The measures of the nine runs, and what they are.

    Args:
        rows: rows of `latent.csv`.
    """
    legend = {name: metric.explanation for name, metric in LATENT_SPACE.items()}
    shown = [
        [
            *(_SYSTEMS[row["system"]], row["partition"]),
            *(metric.show(row[name]) for name, metric in LATENT_SPACE.items()),
        ]
        for _, row in rows.iterrows()
    ]
    return FittedTable(["system", "batches", *LATENT_SPACE], shown, 2, legend)
