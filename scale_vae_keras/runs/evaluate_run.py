"""Measuring a run."""

import os

from scale_vae_keras.evaluation.evaluate import Metrics, evaluate_model
from scale_vae_keras.evaluation.prior import FITTED
from scale_vae_keras.files import write_json
from scale_vae_keras.runs.run_folder import RunFolder


def evaluate_run(
    run: str | os.PathLike,
    split: str,
    samples: int,
    generator: str,
    seed: int,
    limit: int | None = None,
    progress: bool = False,
) -> Metrics:
    """Measures the best model of a run and writes its `metrics.json`.

    When it is interrupted, the same call goes on where it stopped.

    Args:
        run: the run folder.
        split: "train", "valid" or "test".
        samples: importance samples of a sentence.
        generator: "scaled", "standard", "fitted", "fitted-full" or "fitted-mixture", see
            `declared_prior`.
        seed: of the samples.
        limit: only the first so many sentences; None for all.
        progress: whether to show a progress bar.

    Raises:
        InputError: the run is broken, an argument is out of its range, or "fitted-mixture" is asked
            for without scikit-learn.
    """
    folder = RunFolder(run)
    model = folder.load_model()
    sentences = folder.encode(split)
    metrics = evaluate_model(
        model,
        sentences if limit is None else sentences.first(limit),
        samples,
        generator,
        seed,
        fitted_on=folder.encode("train") if generator in FITTED else None,
        journal=folder.path / "evaluation.npz",
        progress=progress,
    )
    write_json(folder.metrics_path, metrics)
    return metrics
