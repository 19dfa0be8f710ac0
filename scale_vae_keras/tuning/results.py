"""What a search has found so far."""

import os
from dataclasses import dataclass

import pandas as pd

from scale_vae_keras.errors import InputError
from scale_vae_keras.files import RESTORE, read_json
from scale_vae_keras.metrics import COST, EVALUATION, Metric
from scale_vae_keras.tables import markdown_table
from scale_vae_keras.tuning.objective import search_objective
from scale_vae_keras.tuning.search_folder import SearchFolder

_FIGURES = (
    *("elbo_nll", "objective_nll", "kl", "mi"),
    *("au", "au_unscaled", "best_epoch", "seconds"),
)
_RECORD = {**EVALUATION, **COST}


@dataclass(frozen=True)
class Trial:
    """One trial of a search.

    Attributes:
        name: name of its folder under `trials/`.
        status: "COMPLETED", "FAILED" or "RUNNING".
        values: the searched settings.
        epochs: how many it was to train.
        figures: figures of the validation sentences; empty unless completed.
        reason: why it failed, in one line.
    """

    name: str
    status: str
    values: dict[str, object]
    epochs: int
    figures: dict[str, float]
    reason: str


def read_trials(directory: str | os.PathLike) -> list[Trial]:
    """The trials of a search, the best first, then those that run, then those that failed.

    Raises:
        InputError: there is no search in the folder.
    """
    folder = SearchFolder(directory)
    settings = folder.settings()
    objective = search_objective(settings["objective"])
    trials = [
        _read(folder, settings, path) for path in sorted(folder.oracle.glob("trial_*/trial.json"))
    ]
    sign = 1 if objective.direction == "min" else -1
    order = {"COMPLETED": 0, "RUNNING": 1}
    return sorted(
        trials,
        key=lambda trial: (
            order.get(trial.status, 2),
            sign * trial.figures.get(objective.name, 0.0),
        ),
    )


def _read(folder, settings, path):
    content = read_json(path, RESTORE)
    try:
        name, values = content["trial_id"], content["hyperparameters"]["values"]
        completed = content["status"] == "COMPLETED"
        metrics = content["metrics"]["metrics"] if completed else {}
        return Trial(
            name,
            content["status"],
            {key: value for key, value in values.items() if not key.startswith("tuner/")},
            values.get("tuner/epochs", settings["epochs"]),
            {key: metric["observations"][-1]["value"][0] for key, metric in metrics.items()},
            _reason(folder.failure_path(name)) if content["status"] == "FAILED" else "",
        )
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is not what a search writes: {RESTORE} ({error!r})") from error


def _reason(failure):
    if not failure.is_file():
        return "unknown"
    return failure.read_text(encoding="utf-8").partition("\n")[0]


def results_table(directory: str | os.PathLike) -> pd.DataFrame:
    """All trials, one per row: trial, status, settings, epochs and figures; missing where empty.

    Raises:
        InputError: there is no search in the folder.
    """
    trials = read_trials(directory)
    settings = SearchFolder(directory).settings()
    tried = {name for trial in trials for name in trial.values}
    names = [name for name in settings["search_space"] if name in tried]
    figures = list(dict.fromkeys([settings["objective"], *_FIGURES]))
    rows = [
        {
            "trial": trial.name,
            "status": trial.status,
            **{name: trial.values.get(name) for name in names},
            "epochs": trial.epochs,
            **{name: trial.figures.get(name) for name in figures},
        }
        for trial in trials
    ]
    return pd.DataFrame(rows, dtype=object)


def results_markdown(directory: str | os.PathLike) -> str:
    """The table of all trials as Markdown, its columns aligned.

    Raises:
        InputError: there is no search in the folder.
    """
    table = results_table(directory)
    objective = SearchFolder(directory).settings()["objective"]
    figures = {name: _RECORD.get(name, Metric(name, "", "")) for name in (objective, *_FIGURES)}
    for column in table:
        show = figures[column].show if column in figures else _setting
        table[column] = table[column].map(show)
    return markdown_table(table, aligned=True)


def _setting(value):
    if pd.isna(value):
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
