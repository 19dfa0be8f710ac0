"""The command `scale-vae tune`."""

import argparse
import importlib.util
import logging
import os
from collections.abc import Sequence

import tensorflow as tf
from rich.console import Console

from scale_vae_keras.data.corpus import corpus_address
from scale_vae_keras.errors import InputError
from scale_vae_keras.experiments.config import read_setting
from scale_vae_keras.tuning.objective import search_objective
from scale_vae_keras.tuning.picture import draw_search
from scale_vae_keras.tuning.results import read_trials, results_table
from scale_vae_keras.tuning.search_folder import SearchFolder


def tune(options: argparse.Namespace) -> None:
    """Searches and shows what was found, or only shows it.

    Raises:
        InputError: the options are not fit, or no trial was completed.
    """
    if options.show:
        show(options.data)
        return
    if options.output is None:
        raise InputError("where shall the search go? Give --output DIR")
    from scale_vae_keras.tuning.chief import is_worker
    from scale_vae_keras.tuning.oracles import TABLE_3
    from scale_vae_keras.tuning.search import SearchSettings, search

    trials = len(TABLE_3) if options.grid and options.trials is None else options.trials
    given = {
        "tuner": options.tuner or ("grid" if options.grid else None),
        "grid": options.grid,
        "trials": trials,
        "epochs": options.epochs,
        "objective": options.objective,
        "preset": options.preset,
        "train_limit": options.train_limit,
        "seed": options.seed,
    }
    settings = SearchSettings(
        data=corpus_address(options.data),
        search_space=_search_space(options.fix),
        **{name: value for name, value in given.items() if value is not None},
    )
    # Every trial traces the same functions anew for its own model, of which TensorFlow warns.
    tf.get_logger().setLevel(logging.ERROR)
    search(settings, options.output)
    if not is_worker():
        show(options.output)


def _search_space(fixed: Sequence[str]) -> dict[str, list[object]]:
    space = {}
    for text in fixed:
        name, _, written = text.partition("=")
        if name in space:
            raise InputError(f"--fix gives {name} twice: separate its values by commas")
        space[name] = [read_setting(f"{name}={value}")[1] for value in written.split(",")]
    return space


def show(directory: str | os.PathLike) -> None:
    """Prints the table of a search, why trials failed, and where the best is; draws the picture.

    Raises:
        InputError: there is no search in the folder, or all its trials failed.
    """
    folder = SearchFolder(directory)
    objective = search_objective(folder.settings()["objective"])
    trials = read_trials(directory)
    if not trials:
        raise InputError(f"the search in {folder.path} has no trial yet")
    console = Console(width=400, soft_wrap=True)
    console.print(results_table(directory))
    for trial in trials:
        if trial.status == "FAILED":
            console.print(f"trial {trial.name} failed: {trial.reason}", markup=False)
    completed = [trial for trial in trials if trial.status == "COMPLETED"]
    if not completed:
        if any(trial.status == "RUNNING" for trial in trials):
            return
        raise InputError(f"all trials failed, the first one so: {trials[0].reason}")
    console.print(f"best: {folder.run(completed[0].name).path}", markup=False)
    if importlib.util.find_spec("matplotlib") is None:
        console.print("no picture: pip install 'scale-vae-keras[plots]'", markup=False)
        return
    picture = draw_search(trials, objective.name, objective.direction, folder.picture_path)
    console.print(f"picture: {picture}", markup=False)
