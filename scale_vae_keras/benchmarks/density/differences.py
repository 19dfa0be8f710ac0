"""How far a system's likelihood is from the language model's, sentence by sentence."""

import os

import numpy as np
import pandas as pd

from scale_vae_keras.benchmarks.rows import run_path
from scale_vae_keras.evaluation.evaluate import mean_and_error
from scale_vae_keras.runs.config import get_system
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.tables import read_csv


def with_differences(rows: pd.DataFrame, folder: str | os.PathLike) -> pd.DataFrame:
    """The rows of a benchmark with `above_lm`, see `metrics.COMPARISON`, and its standard error.

    Some sentences are unlikely under every model, so that this error is far smaller than the
    errors of the two means. Missing for the language model itself, and where a run or the language
    model of its seed has no `sentences.csv`, or one of another evaluation than the row's.

    Args:
        rows: rows of `density.csv`.
        folder: the folder of the benchmark.
    """
    likelihoods = {place: _likelihoods(row, folder) for place, row in rows.iterrows()}
    of_models = rows[rows["system"].map(_is_language_model)]
    references = {seed: likelihoods[place] for place, seed in of_models["seed"].items()}
    rows = rows.assign(above_lm=None, above_lm_se=None)
    for place, row in rows.drop(of_models.index).iterrows():
        own, reference = likelihoods[place], references.get(row["seed"])
        if own is not None and reference is not None:
            for name, value in mean_and_error("above_lm", own - reference).items():
                rows.loc[place, name] = value
    return rows


def _is_language_model(system):
    return ":" not in system and get_system(system).name == "lm"


def _likelihoods(row, folder):
    """`iw_nll` of each sentence, float64 `[sentences]`; None where that of the row is not known."""
    path = RunFolder(run_path(folder, row["system"], row["seed"])).sentences_path
    if not path.is_file() or pd.isna(row["iw_nll"]):
        return None
    values = read_csv(path)["iw_nll"].to_numpy(np.float64, na_value=np.nan)
    return values if np.isclose(values.mean(), row["iw_nll"], rtol=1e-9) else None
