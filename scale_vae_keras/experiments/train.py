"""Training a run."""

import os

import keras

from scale_vae_keras.callbacks.best_model import BestModel
from scale_vae_keras.callbacks.decay_on_plateau import DecayOnPlateau
from scale_vae_keras.callbacks.halving_schedule import HalvingSchedule
from scale_vae_keras.callbacks.history_table import HistoryTable
from scale_vae_keras.callbacks.latent_monitor import LatentMonitor
from scale_vae_keras.callbacks.run_checkpoint import RunCheckpoint, checkpoints, read_state
from scale_vae_keras.data.batches import evaluation_batches, training_batches
from scale_vae_keras.data.corpus import open_corpus
from scale_vae_keras.data.encoded import EncodedSplit, build_vocabulary, encode_split
from scale_vae_keras.errors import InputError
from scale_vae_keras.experiments.config import RunConfig
from scale_vae_keras.experiments.methods import build_model, get_method
from scale_vae_keras.experiments.run_folder import RunFolder, load_keras_file
from scale_vae_keras.models.text_vae import TextVAE
from scale_vae_keras.text.tokenizer import Tokenizer

_NEW = {"epochs": 0, "seconds": 0.0, "cpu_seconds": 0.0, "stopped": False}


class Run:
    """A run on disk with its data, new or to be continued.

    Args:
        folder: the run folder.
        train: the training sentences.
        valid: the validation sentences.
    """

    def __init__(self, folder: RunFolder, train: EncodedSplit, valid: EncodedSplit):
        self.folder = folder
        self.train = train
        self.valid = valid

    @classmethod
    def start(cls, config: RunConfig, output: str | os.PathLike) -> "Run":
        """Opens the corpus and makes the run folder; nothing is written if anything is wrong.

        Raises:
            InputError: method, corpus or output folder are not fit.
        """
        corpus = open_corpus(config.data)
        vocabulary = build_vocabulary(
            corpus, config.tokenizer, config.vocabulary_limit, config.min_count
        )
        tokenizer = Tokenizer(vocabulary, config.tokenizer, config.max_length)
        train, valid = (encode_split(corpus, split, tokenizer) for split in ("train", "valid"))
        if config.train_limit is not None:
            train = train.first(config.train_limit)
        build_model(config, len(vocabulary))
        get_method(config.method).callbacks(config, train, valid)
        _batches(config, train)
        folder = RunFolder(output)
        folder.create(config, vocabulary, corpus.fingerprint())
        return cls(folder, train, valid)

    @classmethod
    def resume(cls, output: str | os.PathLike, epochs: int | None = None) -> "Run":
        """Opens a run that was started before.

        Args:
            output: the run folder.
            epochs: a new limit of epochs; None keeps the run's own.

        Raises:
            InputError: the folder is not a run, or its corpus has changed.
        """
        folder = RunFolder(output)
        if epochs is not None:
            folder.change_epochs(epochs)
        corpus = open_corpus(folder.config.data)
        if corpus.fingerprint() != folder.corpus_fingerprint:
            raise InputError(f"the corpus {folder.config.data} has changed since the run began")
        return cls(folder, folder.encode("train"), folder.encode("valid"))

    def fit(self, verbose: int | str = "auto") -> None:
        """Trains until the settings say stop, from the last checkpoint if there is one.

        Args:
            verbose: as in `keras.Model.fit`.

        Raises:
            InputError: interrupted, or the disk cannot be written to; says what was saved.
        """
        folder, config = self.folder, self.folder.config
        saved = checkpoints(folder.checkpoints)
        state = read_state(saved[-1]) if saved else _NEW
        self.seconds, self.cpu_seconds = state["seconds"], state["cpu_seconds"]
        epochs = config.first_epochs + config.epochs
        if state["stopped"] or state["epochs"] >= epochs:
            return
        if saved:
            model = load_keras_file(saved[-1] / "model.keras")
        else:
            model = build_model(config, len(folder.tokenizer.vocabulary))
        validation, _ = evaluation_batches(self.valid, config.batch_size)
        callbacks, checkpoint = self._callbacks(validation, state)
        try:
            model.fit(
                _batches(config, self.train, state["epochs"]),
                validation_data=validation,
                initial_epoch=state["epochs"],
                epochs=epochs,
                shuffle=False,
                callbacks=callbacks,
                verbose=verbose,
            )
        except KeyboardInterrupt:
            raise InputError(f"interrupted: {_what_is_saved(folder)}") from None
        except OSError as error:
            raise InputError(f"cannot write the run: {error}; {_what_is_saved(folder)}") from error
        self.seconds, self.cpu_seconds = checkpoint.seconds, checkpoint.cpu_seconds

    @property
    def best_epoch(self) -> int:
        """The epoch of the best model so far, from 1."""
        last = checkpoints(self.folder.checkpoints)[-1]
        return read_state(last)["callbacks"]["best"]["best_epoch"] + 1

    def _callbacks(self, validation, state):
        folder, config = self.folder, self.folder.config
        method = get_method(config.method)
        own = method.callbacks(config, self.train, self.valid)
        best = BestModel(folder.model_path)
        history = HistoryTable(folder.history_path)
        stateful = {"best": best, "history": history}
        stateful |= {type(each).__name__: each for each in own if hasattr(each, "get_state")}
        if issubclass(method.model, TextVAE):
            stateful["monitor"] = LatentMonitor(validation, config.seed)
            own.append(stateful["monitor"])
        decay_start = config.first_epochs + config.decay_start
        if config.decay == "halving":
            decay = HalvingSchedule(config.learning_rate, decay_start)
        else:
            decay = DecayOnPlateau(best, 0.5, config.decay_patience, decay_start)
            stateful["decay"] = decay
        for name, saved in state.get("callbacks", {}).items():
            stateful[name].set_state(saved)
        checkpoint = RunCheckpoint(
            folder.checkpoints, stateful, state["seconds"], state["cpu_seconds"]
        )
        callbacks = [
            *own,
            best,
            decay,
            keras.callbacks.TensorBoard(str(folder.logs), write_graph=False),
            history,
            checkpoint,
        ]
        return callbacks, checkpoint


def _batches(config, train, first_epoch=0):
    return training_batches(
        train,
        config.batch_size,
        config.seed,
        resplit=config.resplit,
        first_epoch=first_epoch,
        by_label=config.by_label,
    )


def _what_is_saved(folder: RunFolder) -> str:
    saved = checkpoints(folder.checkpoints)
    if not saved:
        return f"no epoch was finished; start again with --resume --output {folder.path}"
    return (
        f"{folder.path} holds epoch {read_state(saved[-1])['epochs']} and the best model so far; "
        f"continue with --resume --output {folder.path}"
    )
