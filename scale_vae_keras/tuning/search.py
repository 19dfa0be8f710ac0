"""A search for the settings of Scale-VAE in a folder."""

import contextlib
import io
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import tensorflow as tf

from scale_vae_keras.data.corpus import open_corpus
from scale_vae_keras.errors import InputError
from scale_vae_keras.files import locked_alone, write_json
from scale_vae_keras.runs.build_model import build_model
from scale_vae_keras.runs.config import RunConfig
from scale_vae_keras.settings import whole_number
from scale_vae_keras.tuning.chief import is_search_chief, is_worker, serve_oracle, worker_errors
from scale_vae_keras.tuning.extra import keras_tuner
from scale_vae_keras.tuning.objective import search_objective
from scale_vae_keras.tuning.oracles import TABLE_3, TUNERS, make_oracle
from scale_vae_keras.tuning.run_tuner import RunTuner
from scale_vae_keras.tuning.search_folder import SearchFolder
from scale_vae_keras.tuning.search_space import SearchSpace

_GRIDS = {"table3": TABLE_3}
_ANY_VOCABULARY = 8
_ANY_LABELS = ("a", "b")


@dataclass(frozen=True)
class SearchSettings:
    """The settings of a search.

    Attributes:
        data: name of a built-in corpus, or the corpus folder.
        tuner: "random", "hyperband", "bayesian" or "grid".
        grid: settings that are tried first: "table3", the nine of Table 3 of the paper, or None.
            The tuner "grid" then tries only these.
        trials: maximum number of trials.
        epochs: maximum number of epochs per trial; None for those of the preset.
        objective: see `SearchObjective`.
        preset: preset of the settings that are not searched.
        train_limit: train on the first sentences of the training split, this many; None for all.
        seed: seed of the search and of every trial.
        search_space: see `SearchSpace`.

    Raises:
        InputError: a setting is out of range.
    """

    data: str
    tuner: str = "random"
    grid: str | None = None
    trials: int = 12
    epochs: int | None = None
    objective: str = "elbo_nll"
    preset: str = "small"
    train_limit: int | None = None
    seed: int = RunConfig.seed
    search_space: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self):
        if self.tuner not in TUNERS:
            raise InputError(f"unknown tuner {self.tuner!r}: choose {', '.join(TUNERS)}")
        whole_number("trials", self.trials, 1)
        if self.grid is None:
            return
        if self.grid not in _GRIDS:
            raise InputError(f"unknown grid {self.grid!r}: choose {', '.join(_GRIDS)}")
        if self.tuner == "hyperband":
            raise InputError("hyperband draws its own settings: choose another tuner for a grid")
        given = {name for point in _GRIDS[self.grid] for name in point} & set(self.search_space)
        if given:
            raise InputError(
                f"the grid {self.grid} sets {', '.join(sorted(given))}: leave it out of the "
                "settings given"
            )

    def space(self) -> SearchSpace:
        """What is searched."""
        return SearchSpace(
            self.search_space,
            self.data,
            self.preset,
            epochs=self.epochs,
            train_limit=self.train_limit,
            seed=self.seed,
            select_by="objective" if self.objective == "objective_nll" else "elbo",
        )


def search(
    settings: SearchSettings,
    output: str | os.PathLike,
    cache: str | os.PathLike | None = None,
) -> None:
    """Searches, or resumes a search: trials that have ended are not run again.

    With KerasTuner's environment variables for several processes, this one is the chief, which
    chooses settings and ends when the search is over, or a worker, which trains. All share the
    folder.

    Args:
        settings: what to search.
        output: the folder of the search.
        cache: a folder for what is made of the corpus once for all trials, see `cached_split`.

    Raises:
        InputError: the settings are not fit, the folder holds something else, the search was
            interrupted, the disk cannot be written to, or the other processes do not answer.
    """
    folder = SearchFolder(output)
    objective = search_objective(settings.objective)
    space = settings.space()
    if not space.searched:
        raise InputError("every setting is fixed: leave at least one to search")
    first = space.declare(keras_tuner.HyperParameters())
    config = space.config(first)
    labels = _ANY_LABELS if config.condition == "label" else ()
    # Settings that do not fit into memory are the failure of their trial.
    with contextlib.suppress(MemoryError, tf.errors.ResourceExhaustedError):
        model = build_model(config, _ANY_VOCABULARY, labels)
        if model.latent_dim:
            model.prior.check_installed()
    # A corpus that is not there would fail every trial by itself; the chief needs none.
    corpus = None if is_search_chief() else open_corpus(config.data, config.encoding)
    _open(folder, settings, space, corpus)
    oracle = make_oracle(
        settings.tuner,
        space,
        objective,
        settings.trials,
        space.default["epochs"],
        settings.seed,
        _GRIDS.get(settings.grid, ()),
    )
    oracle.has_workers = is_search_chief()
    with _alone(folder):
        with worker_errors(), contextlib.redirect_stdout(io.StringIO()):
            tuner = RunTuner(oracle, space, objective, folder, cache)
        if is_search_chief():
            serve_oracle(oracle)
            return
        with worker_errors():
            tuner.search()


@contextlib.contextmanager
def _alone(folder):
    """Keeps out a second search in the folder that is neither a chief nor a worker."""
    if is_search_chief() or is_worker():
        yield
        return
    with locked_alone(folder.path / ".lock", f"searches in {folder.path}: wait for its end"):
        yield


def _open(folder, settings, space, corpus):
    wanted = {
        **asdict(settings),
        "epochs": space.default["epochs"],
        "search_space": space.to_json(),
    }
    if corpus is not None:
        wanted["corpus_fingerprint"] = corpus.fingerprint()
    held = {}
    if folder.settings_path.exists():
        held = folder.settings()
        changed = [
            f"{name} is {held[name]}, not {value}"
            for name, value in wanted.items()
            if held.get(name, value) != value and name != "trials"
        ]
        if changed:
            raise InputError(f"the search in {folder.path} is another: {'; '.join(changed)}")
    elif folder.path.exists() and (not folder.path.is_dir() or any(folder.path.iterdir())):
        raise InputError(
            f"{folder.path} is there and holds no search: choose another folder for --output"
        )
    if not is_worker() or not folder.settings_path.exists():
        folder.path.mkdir(parents=True, exist_ok=True)
        write_json(folder.settings_path, {**held, **wanted})
