"""Trains and measures systems under one protocol, Tables 1 and 2 of the Scale-VAE paper."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from scale_vae_keras import __version__
from scale_vae_keras.benchmarks.density.differences import with_differences
from scale_vae_keras.benchmarks.density.structure import review_structure
from scale_vae_keras.benchmarks.density.table import density_markdown
from scale_vae_keras.benchmarks.density.training_cost import training_cost
from scale_vae_keras.benchmarks.rows import is_of, rows_so_far, run_path, with_rows
from scale_vae_keras.data.corpus import corpus_address, open_corpus
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.prior import check_declared
from scale_vae_keras.files import RESTORE, locked, read_json, write_json, written_whole
from scale_vae_keras.models import SYSTEMS
from scale_vae_keras.models.settings import LatentSettings
from scale_vae_keras.priors import prior_kind
from scale_vae_keras.runs.config import (
    RunConfig,
    configure,
    get_system,
    published_settings,
    read_setting,
)
from scale_vae_keras.runs.evaluate_run import evaluate_run
from scale_vae_keras.runs.train import Run
from scale_vae_keras.settings import method_and_settings, settings_of, whole_number
from scale_vae_keras.tables import write_csv

_SLOW = ("agg", "sa")


@dataclass(frozen=True)
class Protocol:
    """What is the same for all systems of a table.

    Attributes:
        data: name of a built-in corpus, or the corpus folder.
        preset: name of the preset.
        settings: settings of every run that replace the preset's, each `name=value`.
        samples: importance samples of a test sentence.
        limit: measure this many sentences from the start of the test split; None for all.
        prior: the prior to measure likelihoods under, see `declared_prior`; None for each model's
            own.
        published: whether `PUBLISHED` replaces the recommended settings of the preset.

    Raises:
        InputError: the samples or the limit are out of range.
    """

    data: str
    preset: str
    settings: Sequence[str]
    samples: int
    limit: int | None
    prior: str | None = None
    published: bool = False

    def __post_init__(self):
        whole_number("samples", self.samples, 0)
        if self.limit is not None:
            whole_number("limit", self.limit, 2)


def all_systems() -> list[str]:
    """The methods, the slow ones last."""
    return [method for method in SYSTEMS if method not in _SLOW] + list(_SLOW)


def benchmark_density(
    systems: Sequence[str],
    seeds: Sequence[int],
    protocol: Protocol,
    output: str | os.PathLike,
    command: str,
) -> pd.DataFrame:
    """Trains each system with each seed and measures it on the test split.

    On the corpus `reviews`, whose factors are known, the rows have the measures of
    `evaluation/structure.py` as well; they need scikit-learn and are missing without it.

    Each run is a run folder under `output`; `density.csv` and `density.md` are rewritten after
    each. What already exists is not repeated: an interrupted benchmark continues where it
    stopped, systems and seeds can be added, and several processes can share the work if no
    system and seed is given to two of them.

    Args:
        systems: rows of the table, each a method with or without settings of its own:
            `method` or `method:name=value,name=value`.
        seeds: seeds of the runs.
        protocol: what they share.
        output: the folder of the benchmark.
        command: what the user typed, for the table.

    Returns:
        The rows of `density.csv`.

    Raises:
        InputError: a system or setting is unknown, or `output` belongs to another protocol.
    """
    for system in systems:
        for seed in seeds:
            config = configure_system(system, seed, protocol)
            if hasattr(config, "prior"):
                check_declared(protocol.prior, prior_kind(config.prior))
    folder = DensityFolder(output, protocol)
    for system in systems:
        for seed in seeds:
            folder.bench(system, seed, command)
    return folder.rows()


class DensityFolder:
    """A folder of runs under one protocol, with their table; the corpus is hashed once.

    Args:
        path: the folder; created if missing.
        protocol: protocol of its runs.

    Raises:
        InputError: the folder belongs to another protocol, or the corpus cannot be read.
    """

    def __init__(self, path: str | os.PathLike, protocol: Protocol):
        self.path = Path(path)
        self.protocol = protocol
        data = corpus_address(protocol.data)
        self.fingerprint = open_corpus(data).fingerprint()
        shared = {**asdict(protocol), "data": data, "corpus_fingerprint": self.fingerprint}
        _claim(self.path, shared)

    def rows(self) -> pd.DataFrame:
        """The rows of `density.csv`."""
        return rows_so_far(self.path / "density.csv")

    def bench(self, system: str, seed: int, command: str) -> pd.Series:
        """The row of a system and seed, which are trained and measured if it is not there yet.

        Args:
            system: a method with or without settings, as for `benchmark_density`.
            seed: seed of the run.
            command: what the user typed, for the table.

        Raises:
            InputError: the system or a setting is unknown.
        """
        config = configure_system(system, seed, self.protocol)
        rows = self.rows()
        if not is_of(rows, system, seed).any():
            print(f"{system}, seed {seed}", flush=True)
            run = run_path(self.path, system, seed)
            row = {
                "system": system,
                "seed": seed,
                **_train(config, run),
                **_measure(run, self.protocol),
                "version": __version__,
                "corpus_fingerprint": self.fingerprint,
                "command": command,
            }
            rows = self._add(row)
        return rows[is_of(rows, system, seed)].iloc[0]

    def _add(self, row):
        """Writes the tables with one more row; no other process that shares the folder meanwhile.

        Returns:
            All rows.
        """
        with locked(self.path / ".density.lock", wait=True):
            rows = with_differences(with_rows(self.rows(), [row]), self.path)
            write_csv(self.path / "density.csv", rows)
            rows = self.rows()
            with written_whole(self.path / "density.md") as temporary:
                temporary.write_text(density_markdown(rows), encoding="utf-8")
        return rows


def configure_system(system: str, seed: int, protocol: Protocol) -> RunConfig:
    """The settings of a system's run under a protocol.

    Settings of a latent code that all runs share are left out for a language model.

    Raises:
        InputError: the system or a setting is unknown, or a setting is the seed.
    """
    method, own = method_and_settings(system)
    shared = published_settings(method) if protocol.published else {}
    shared |= dict(map(read_setting, protocol.settings))
    has = {each.name for each in settings_of(get_system(method).settings)}
    for each in settings_of(LatentSettings):
        if each.name not in has:
            shared.pop(each.name, None)
    settings = {**shared, **dict(map(read_setting, own))}
    if "seed" in settings:
        raise InputError("every system has the same seeds: give --seeds in place of seed=")
    return configure(corpus_address(protocol.data), method, protocol.preset, **settings, seed=seed)


def _claim(folder, protocol):
    recorded = folder / "protocol.json"
    protocol = json.loads(json.dumps(protocol))
    if recorded.exists():
        before = read_json(recorded, RESTORE)
        # Earlier versions had no other settings, and called the prior so.
        before.setdefault("published", True)
        before.setdefault("prior", before.pop("generator", None))
        changed = [
            f"{name} is {before.get(name)}, not {value}"
            for name, value in protocol.items()
            if before.get(name) != value
        ]
        if changed:
            raise InputError(f"{folder} holds a table of another protocol: {'; '.join(changed)}")
    elif folder.exists() and any(folder.iterdir()):
        raise InputError(f"{folder} is not empty and holds no table: choose another folder")
    else:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(recorded, protocol)


def _train(config, folder):
    run = Run.open(config, folder)
    run.fit(verbose=2)
    return training_cost(run.folder)


def _measure(run, protocol):
    metrics = evaluate_run(
        run, "test", protocol.samples, protocol.prior, seed=0, limit=protocol.limit
    )
    factor = metrics.pop("factor") or {}
    del metrics["seed"], metrics["split"]
    return {
        **metrics,
        **{f"factor_{name}": value for name, value in factor.items()},
        **(review_structure(run, protocol.limit) if protocol.data == "reviews" else {}),
    }
