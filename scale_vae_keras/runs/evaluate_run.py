"""Measuring a run."""

import contextlib
import logging
import os
from pathlib import Path

import pandas as pd

from scale_vae_keras.data.corpus import Corpus
from scale_vae_keras.data.corpus_warnings import split_warnings
from scale_vae_keras.evaluation.density import Density
from scale_vae_keras.evaluation.evaluate import Metrics, evaluate_sentences
from scale_vae_keras.evaluation.prior import FITTED
from scale_vae_keras.files import locked, write_json
from scale_vae_keras.priors import prior_kind
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.tables import write_csv

_logger = logging.getLogger("scale_vae_keras")


def evaluate_run(
    run: str | os.PathLike,
    split: str,
    samples: int,
    prior: str | None,
    seed: int,
    limit: int | None = None,
    progress: bool = False,
    data: str | os.PathLike | Corpus | None = None,
    cache: str | os.PathLike | None = None,
    precision: str = "float32",
) -> Metrics:
    """Measures the best model of a run and writes its `metrics.json` and `sentences.csv`.

    The latter has a line for each sentence, in the order of the split, with the quantities whose
    means the metrics are, in nats: `iw_nll`, `elbo_nll`, `objective_nll`, `reconstruction`, `kl`;
    `ess`; and `tokens`, how many are predicted.

    When it is interrupted, the same call continues where it stopped. A run that cannot be written
    to is measured all the same, with a warning.

    Args:
        run: the run folder.
        split: "train", "valid" or "test".
        samples: importance samples per sentence.
        prior: name of the prior, see `declared_prior`; None for the model's own.
        seed: seed of the samples.
        limit: only this many sentences, the first ones; None for all.
        progress: whether to show a progress bar.
        data: where the run's corpus is now, if it has moved, or the corpus itself.
        cache: a folder that keeps tokenised splits, see `cached_split`; None for none.
        precision: what encoder and decoder compute in, whatever the run was trained in, see
            `in_precision`.

    Raises:
        InputError: the run is broken, an argument is out of its range, or "mixture" is asked for
            without scikit-learn.
    """
    folder = RunFolder(run, data, cache)
    model = folder.load_model(precision)
    sentences = folder.encode(split)
    for line in split_warnings({split: sentences}):
        _logger.warning("%s: %s", folder.path, line)
    name = f"evaluation-{split}-{samples}-{prior or 'own'}-seed-{seed}"
    name += "" if limit is None else f"-first-{limit}"
    name += "" if precision == "float32" else f"-{precision}"
    writable = True
    with contextlib.ExitStack() as stack:
        try:
            journal = _own_journal(folder, name, stack)
        except OSError as error:
            journal, writable = None, False
            _warn(folder, error)
        metrics, terms = _measure(
            folder, model, sentences, samples, prior, seed, limit, journal, progress
        )
    metrics = {"split": split, **metrics}
    if writable:
        try:
            write_csv(folder.sentences_path, _sentence_table(terms))
            write_json(folder.metrics_path, metrics)
        except OSError as error:
            _warn(folder, error)
    return metrics


def _warn(folder, error):
    reason = f"{folder.path} cannot be written to ({error.strerror})"
    _logger.warning("%s: it is measured without metrics.json", reason)


def _sentence_table(terms: Density) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "iw_nll": -terms.log_likelihood,
            "elbo_nll": -terms.elbo,
            "objective_nll": -terms.objective,
            "reconstruction": terms.reconstruction,
            "kl": terms.kl,
            "ess": terms.ess,
            "tokens": terms.tokens,
        }
    )


def _own_journal(folder: RunFolder, name: str, stack: contextlib.ExitStack) -> Path | None:
    """The journal of an evaluation, which no other process writes while the stack is open.

    None where another process makes the same evaluation now.

    Raises:
        OSError: the run folder cannot be written to.
    """
    path = folder.path / f"{name}.npz"
    try:
        stack.enter_context(locked(folder.path / f".{name}.lock"))
    except BlockingIOError:
        return None
    if path.exists() and path.stat().st_mtime < folder.model_path.stat().st_mtime:
        _logger.warning("%s is of an earlier model and is dropped", path)
        path.unlink()
    return path


def _measure(folder, model, sentences, samples, prior, seed, limit, journal, progress):
    return evaluate_sentences(
        model,
        sentences if limit is None else sentences.first(limit),
        samples,
        prior,
        seed,
        fitted_on=folder.encode("train") if _is_fitted_anew(prior, model) else None,
        journal=journal,
        progress=progress,
    )


def _is_fitted_anew(prior, model):
    return prior in FITTED and prior_kind(prior) != model.prior.kind
