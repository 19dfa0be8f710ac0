"""`scale-vae tune`: searches for settings."""

import argparse
import importlib.util
import logging
import os
from collections.abc import Sequence

import tensorflow as tf

from scale_vae_keras.commands.console import add_cache, log_to_terminal
from scale_vae_keras.data.corpus import corpus_address
from scale_vae_keras.errors import InputError
from scale_vae_keras.runs.config import read_setting
from scale_vae_keras.tuning.objective import search_objective
from scale_vae_keras.tuning.picture import draw_search
from scale_vae_keras.tuning.results import read_trials, results_markdown
from scale_vae_keras.tuning.search_folder import SearchFolder

_SHOWING = ("--show", "--debug")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument(
        "data", metavar="DATA", help="the corpus, as for train; with --show, the folder of a search"
    )
    parser.add_argument("--output", metavar="DIR", help="the folder of the search")
    parser.add_argument(
        "--show", action="store_true", help="only show what a search has found so far"
    )
    parser.add_argument(
        "--tuner",
        choices=("random", "hyperband", "bayesian", "grid"),
        help="how the next trial is chosen, random by default",
    )
    parser.add_argument(
        "--grid",
        choices=("table3",),
        help="try the nine settings of the paper's Table 3 first; with --tuner grid, which --grid "
        "makes the default, try nothing else",
    )
    parser.add_argument(
        "--trials",
        type=int,
        metavar="N",
        help="maximum number of trials, 12 by default, or those of the grid",
    )
    parser.add_argument(
        "--epochs",
        type=int,
        metavar="N",
        help="maximum number of epochs per trial; the preset's by default",
    )
    parser.add_argument(
        "--objective",
        metavar="NAME",
        help="figure to optimise: elbo_nll (default), objective_nll, mi, or elbo_nll-W*mi with W "
        "up to 1",
    )
    parser.add_argument("--preset", help="small (default), transformer, base or paper")
    parser.add_argument(
        "--train-limit",
        type=int,
        metavar="N",
        help="only the first N training sentences; all by default",
    )
    parser.add_argument(
        "--seed",
        type=int,
        metavar="N",
        help="seed of the search and of every trial, 783435 by default",
    )
    add_cache(parser)
    parser.add_argument(
        "--fix",
        nargs="+",
        default=[],
        metavar="NAME=VALUE",
        help="a fixed value of a setting, or the values to try, separated by commas",
    )


def run(options: argparse.Namespace) -> None:
    """Searches and shows what was found, or only shows it.

    Raises:
        InputError: an option is invalid, or no trial was completed.
    """
    log_to_terminal()
    if options.show:
        others = [word for word in options.words if word[:2] == "--" and word not in _SHOWING]
        if others:
            raise InputError(f"--show only shows what there is: leave {', '.join(others)} out")
        show(options.data)
        return
    if options.output is None:
        raise InputError("where should the search go? Give --output DIR")
    from scale_vae_keras.tuning.chief import is_worker
    from scale_vae_keras.tuning.oracles import TABLE_3
    from scale_vae_keras.tuning.search import SearchSettings, search

    trials = len(TABLE_3) if options.grid and options.trials is None else options.trials
    given = {
        "tuner": options.tuner or ("grid" if options.grid else None),
        "grid": options.grid,
        "trials": trials,
        "epochs": options.epochs,
        "objective": options.objective and search_objective(options.objective).name,
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
    search(settings, options.output, options.cache)
    if not is_worker():
        show(options.output)


def _search_space(fixed: Sequence[str]) -> dict[str, list[object]]:
    space = {}
    for text in fixed:
        name, _, written = text.partition("=")
        if name in space:
            raise InputError(f"--fix gives {name} twice: separate its values by commas")
        # A pattern may hold commas.
        values = [written] if name == "pattern" else written.split(",")
        space[name] = [read_setting(f"{name}={value}")[1] for value in values]
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
    print(results_markdown(directory))
    for trial in trials:
        if trial.status == "FAILED":
            print(f"trial {trial.name} failed: {trial.reason}")
    completed = [trial for trial in trials if trial.status == "COMPLETED"]
    if not completed:
        if any(trial.status == "RUNNING" for trial in trials):
            return
        raise InputError(f"all trials failed, the first one so: {trials[0].reason}")
    print(f"best: {folder.run(completed[0].name).path}")
    if importlib.util.find_spec("matplotlib") is None:
        print("no picture: pip install 'scale-vae-keras[plots]'")
        return
    picture = draw_search(trials, objective.name, objective.direction, folder.picture_path)
    print(f"picture: {picture}")
