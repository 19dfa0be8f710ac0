"""How far a system's likelihood is from the language model's, sentence by sentence."""

import logging
import os
from typing import NamedTuple

import numpy as np
import pandas as pd

from scale_vae_keras.benchmarks.rows import run_path
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.evaluate import mean_and_error
from scale_vae_keras.runs.config import get_system
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.tables import read_csv

_logger = logging.getLogger("scale_vae_keras")


def with_differences(rows: pd.DataFrame, folder: str | os.PathLike) -> pd.DataFrame:
    """The rows of a benchmark with `above_lm`, see `metrics.COMPARISON`, and its standard error.

    Some sentences are unlikely under every model, so that this error is far smaller than the
    errors of the two means. What is known already stays. Missing for the language model itself;
    where it has another tokenizer, length or condition, whose likelihoods are of other texts; and
    where a run has no `sentences.csv`, or one of another evaluation than the row's.

    Args:
        rows: rows of `density.csv`.
        folder: the folder of the benchmark.
    """
    columns = ("above_lm", "above_lm_se")
    rows = rows.assign(**{name: None for name in columns if name not in rows})
    of_models = rows["system"].map(_is_language_model).astype(bool)
    missing = rows[rows["above_lm"].isna() & ~of_models]
    wanted = rows[of_models & rows["seed"].isin(missing["seed"])]
    references = {row["seed"]: _measured(row, folder) for _, row in wanted.iterrows()}
    for place, row in missing.iterrows():
        own, reference = _measured(row, folder), references.get(row["seed"])
        if own is not None and reference is not None and own.compares_with(reference):
            difference = mean_and_error("above_lm", own.likelihoods - reference.likelihoods)
            for name, value in difference.items():
                rows.loc[place, name] = value
    return rows


class _Measured(NamedTuple):
    """The sentences of a row.

    Attributes:
        likelihoods: `iw_nll`, float64 `[sentences]`.
        tokens: how many are predicted, int64 `[sentences]`.
        texts: what makes the likelihoods those of the same texts.
    """

    likelihoods: np.ndarray
    tokens: np.ndarray
    texts: tuple

    def compares_with(self, other):
        return self.texts == other.texts and np.array_equal(self.tokens, other.tokens)


def _is_language_model(system):
    return ":" not in system and get_system(system).name == "lm"


def _measured(row, folder):
    """None where the sentences of the row are not known."""
    run = RunFolder(run_path(folder, row["system"], row["seed"]))
    if not run.sentences_path.is_file() or pd.isna(row["iw_nll"]):
        return None
    try:
        table = read_csv(run.sentences_path)
        likelihoods = table["iw_nll"].to_numpy(np.float64, na_value=np.nan)
        texts = (run.vocabulary_fingerprint, run.config.max_length, run.config.condition)
        measured = _Measured(likelihoods, table["tokens"].to_numpy(np.int64), texts)
    except (InputError, OSError, ValueError, KeyError, TypeError) as error:
        _logger.warning(
            "%s cannot be read (%s): its row has no above_lm until its line in density.csv is "
            "removed and the run is measured again",
            run.sentences_path,
            error,
        )
        return None
    return measured if np.isclose(likelihoods.mean(), row["iw_nll"], rtol=1e-9) else None
