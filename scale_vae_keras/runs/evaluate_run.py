"""Measuring a run."""

import os

from scale_vae_keras.evaluation.evaluate import Metrics, evaluate_model
from scale_vae_keras.evaluation.prior import FITTED
from scale_vae_keras.files import write_json
from scale_vae_keras.priors import prior_kind
from scale_vae_keras.runs.run_folder import RunFolder


def evaluate_run(
    run: str | os.PathLike,
    split: str,
    samples: int,
    prior: str | None,
    seed: int,
    limit: int | None = None,
    progress: bool = False,
    data: str | os.PathLike | None = None,
) -> Metrics:
    """Measures the best model of a run and writes its `metrics.json`.

    When it is interrupted, the same call continues where it stopped.

    Args:
        run: the run folder.
        split: "train", "valid" or "test".
        samples: importance samples per sentence.
        prior: name of the prior, see `declared_prior`; None for the model's own.
        seed: of the samples.
        limit: only this many sentences, the first ones; None for all.
        progress: whether to show a progress bar.
        data: where the run's corpus is now, if it has moved.

    Raises:
        InputError: the run is broken, an argument is out of its range, or "mixture" is asked for
            without scikit-learn.
    """
    folder = RunFolder(run, data)
    model = folder.load_model()
    sentences = folder.encode(split)
    metrics = evaluate_model(
        model,
        sentences if limit is None else sentences.first(limit),
        samples,
        prior,
        seed,
        fitted_on=folder.encode("train") if _is_fitted_anew(prior, model) else None,
        journal=folder.path / "evaluation.npz",
        progress=progress,
    )
    write_json(folder.metrics_path, metrics)
    return metrics


def _is_fitted_anew(prior, model):
    return prior in FITTED and prior_kind(prior) != model.prior.kind
