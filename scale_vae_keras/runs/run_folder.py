"""The folder of a run, which every later command reads."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from scale_vae_keras.cache.split_cache import cached_split
from scale_vae_keras.data.corpus import Corpus, check_fingerprint, open_same_corpus
from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.errors import InputError
from scale_vae_keras.files import (
    RESTORE,
    check_folder_place,
    locked_alone,
    read_json,
    write_json,
    written_whole,
)
from scale_vae_keras.model_file import load_model
from scale_vae_keras.models.text_vae import TextVAE
from scale_vae_keras.runs.checkpoint_folder import checkpoints, read_state
from scale_vae_keras.runs.config import RunConfig
from scale_vae_keras.runs.in_precision import in_precision
from scale_vae_keras.runs.run_split import split_of_run
from scale_vae_keras.text.loading import load_tokenizer
from scale_vae_keras.text.tokenizer import Tokenizer

_LOCK = ".lock"
_NO_SETTINGS = ("corpus_fingerprint", "vocabulary_fingerprint", "has_labels", "labels")


class RunFolder:
    """Paths and contents of a run folder.

    `config.json`, `vocabulary.txt` (or the file of another tokenizer), `model.keras` (the best),
    `checkpoints/`, `logs/` (TensorBoard), `history.csv`, `metrics.json` and, of each
    sentence that was measured, `sentences.csv` (both written by evaluate) and, after training that
    gave up, `stopped.json` with the reason.

    Args:
        path: the folder.
        data: where the run's corpus is now, if it has moved, or the corpus itself, such as one of
            `corpus_from`: its contents must be the same.
        cache: a folder that keeps tokenised splits, see `cached_split`; None for none.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        data: str | os.PathLike | Corpus | None = None,
        cache: str | os.PathLike | None = None,
    ):
        self.path = Path(path)
        self._moved_to = data
        self._cache = cache
        self.config_path = self.path / "config.json"
        self._place_output(self.path)

    def _place_output(self, path):
        self.model_path = path / "model.keras"
        self.checkpoints = path / "checkpoints"
        self.logs = path / "logs"
        self.history_path = path / "history.csv"
        self.metrics_path = path / "metrics.json"
        self.sentences_path = path / "sentences.csv"
        self.stopped_path = path / "stopped.json"

    def with_output(self, path: str | os.PathLike) -> "RunFolder":
        """The same run, whose training and evaluation write to another folder."""
        other = RunFolder(self.path, self._moved_to, self._cache)
        other._place_output(Path(path))
        return other

    def create(
        self,
        config: RunConfig,
        tokenizer: Tokenizer,
        corpus_fingerprint: str,
        has_labels: bool,
        labels: Sequence[str] = (),
    ) -> None:
        """Writes what defines a new run.

        Args:
            config: its settings.
            tokenizer: its tokenizer.
            corpus_fingerprint: fingerprint of its corpus.
            has_labels: whether the corpus has labels.
            labels: the names of the labels, for a condition.

        Raises:
            InputError: the folder is not empty, or its place is taken by a file.
        """
        self.refuse_contents()
        settings = {
            **config.to_json(),
            "corpus_fingerprint": corpus_fingerprint,
            "vocabulary_fingerprint": tokenizer.fingerprint(),
            "has_labels": has_labels,
            **({"labels": list(labels)} if labels else {}),
        }
        if self.path.exists():
            with self.locked():
                self.refuse_contents()
                self._write(self.path, tokenizer, settings)
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with written_whole(self.path, replace=False) as temporary:
                temporary.mkdir()
                self._write(temporary, tokenizer, settings)
        except OSError:
            self.refuse_contents()
            raise

    def refuse_contents(self) -> None:
        """Refuses to make a run here.

        Raises:
            InputError: the folder is not empty, or cannot be made or written to.
        """
        check_folder_place(self.path)
        if self.path.is_dir() and set(os.listdir(self.path)) - {_LOCK}:
            raise InputError(
                f"{self.path} is already there and not empty: choose another folder, or continue "
                "the run that it holds with --resume"
            )

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """While the block runs, no other process trains in this folder or changes its settings.

        Raises:
            InputError: another process does so now.
        """
        doing = f"trains in {self.path}: wait until it has ended, or choose another folder"
        with locked_alone(self.path / _LOCK, doing):
            yield

    def _write(self, folder, tokenizer, settings):
        tokenizer.save_vocabulary(folder)
        write_json(folder / self.config_path.name, settings)

    @cached_property
    def _config(self) -> dict:
        if self.path.is_file():
            raise InputError(f"{self.path} is a file, and a run is a folder")
        if not self.path.is_dir():
            raise InputError(f"there is no run folder {self.path}")
        if not self.config_path.exists():
            raise InputError(f"{self.path} is not a run folder: it has no {self.config_path.name}")
        return read_json(self.config_path, RESTORE)

    def change(self, **settings) -> None:
        """Replaces the settings that may change with the run: `epochs` and `replicas`."""
        config = replace(self.config, **settings)
        write_json(self.config_path, {**self._config, **config.to_json()})
        self.read_again()

    @property
    def corpus_fingerprint(self) -> str:
        """SHA-256 of the corpus that the run trains on."""
        return self._recorded("corpus_fingerprint")

    @property
    def vocabulary_fingerprint(self) -> str:
        """SHA-256 of the tokenizer."""
        return self._recorded("vocabulary_fingerprint")

    def _recorded(self, name):
        try:
            return self._config[name]
        except KeyError as error:
            raise InputError(f"{self.config_path} is broken: it has no {name}") from error

    @cached_property
    def config(self) -> RunConfig:
        """The settings of the run.

        Raises:
            InputError: there is no run here, or `config.json` is broken.
        """
        settings = {k: v for k, v in self._config.items() if k not in _NO_SETTINGS}
        try:
            return RunConfig.from_json(settings)
        except (InputError, TypeError) as error:
            raise InputError(f"{self.config_path} is broken: {error}") from error

    def read_again(self) -> None:
        """Lets the settings be read anew: they may have changed."""
        for name in ("_config", "config"):
            self.__dict__.pop(name, None)

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer of the run.

        Raises:
            InputError: the tokenizer's file is missing or is not the run's.
        """
        config = self.config
        settings = {"kind": config.tokenizer, "max_length": config.max_length}
        if config.pattern is not None:
            settings["pattern"] = config.pattern
        tokenizer = load_tokenizer(self.path, settings)
        if tokenizer.fingerprint() != self.vocabulary_fingerprint:
            raise InputError(
                f"the tokenizer in {self.path} is not the one that the run was made with"
            )
        return tokenizer

    @property
    def has_labels(self) -> bool:
        """Whether the run's corpus is, or in a folder of an older version may be, labelled."""
        return self._config.get("has_labels", True)

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the labels that the run's model writes and measures text given, if any."""
        return tuple(self._config.get("labels", ()))

    def open_corpus(self) -> Corpus:
        """The corpus of the run.

        Raises:
            InputError: it cannot be read, or is not the one that the run was trained on.
        """
        return self._corpus

    @cached_property
    def _corpus(self):
        # Opened once: its contents are hashed.
        found = self.config.data if self._moved_to is None else self._moved_to
        if isinstance(found, str | os.PathLike):
            return open_same_corpus(found, self.corpus_fingerprint, self.config.encoding)
        check_fingerprint(found, self.corpus_fingerprint, found.name)
        return found

    @cached_property
    def _found_fingerprint(self):
        return self.open_corpus().fingerprint()

    def encode(self, split: str) -> EncodedSplit:
        """The sentences of a split of the run's corpus; of train, those that it trains on.

        Raises:
            InputError: the corpus cannot be read, there is no such split, or a label is missing or
                unknown that the run's condition needs.
        """
        fingerprint = None if self._cache is None else self._found_fingerprint
        sentences = cached_split(
            self.open_corpus(), split, self.tokenizer, self._cache, fingerprint
        )
        return split_of_run(sentences, split, self.config, self.labels)

    def check_model(self, latent: bool = False) -> None:
        """Refuses a run that has no model, or no latent code where it must have one.

        Raises:
            InputError: it has none, or the folder is no run.
        """
        config = self.config  # the clearest message comes first
        if not self.model_path.is_file():
            raise InputError(f"{self.path} has no model.keras yet: train at least one epoch")
        if latent and not issubclass(config.system.model, TextVAE):
            raise InputError(
                f"{self.path} is a language model and has no latent code: give a text VAE's run"
            )

    def load_model(self, precision: str | None = None) -> TextVAE:
        """The best model of the run.

        Args:
            precision: what encoder and decoder compute in, see `in_precision`; None for the
                precision that the run was trained in.

        Raises:
            InputError: the run has no model yet, or its file is broken.
        """
        self.check_model()
        return in_precision(load_model(self.model_path), precision)

    def best_epoch(self) -> int | None:
        """The epoch of the best model, from 1; None where no checkpoint says it."""
        kept = checkpoints(self.checkpoints)
        if not kept:
            return None
        best = read_state(kept[-1])["callbacks"]["best"]["best_epoch"]
        return None if best is None else best + 1

    def load_text_vae(self) -> TextVAE:
        """The best model of the run, which must have a latent code.

        Raises:
            InputError: as `load_model`, or the run is a language model.
        """
        self.check_model(latent=True)
        return self.load_model()
