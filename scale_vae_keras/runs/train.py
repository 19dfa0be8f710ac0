"""Training a run."""

import logging
import os
from contextlib import nullcontext
from dataclasses import replace

import keras
import tensorflow as tf

from scale_vae_keras.callbacks.best_model import BestModel
from scale_vae_keras.callbacks.decay_on_plateau import DecayOnPlateau
from scale_vae_keras.callbacks.epoch_line import EpochLine
from scale_vae_keras.callbacks.latent_monitor import LatentMonitor
from scale_vae_keras.callbacks.refuse_divergence import RefuseDivergence
from scale_vae_keras.callbacks.step_profile import StepProfile
from scale_vae_keras.data.batches import evaluation_batches, training_batches
from scale_vae_keras.data.corpus import Corpus, open_corpus
from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.verdict import training_verdict, unigram_nll
from scale_vae_keras.files import remove_scratch, write_json
from scale_vae_keras.layers.replica import is_chief
from scale_vae_keras.model_file import load_model
from scale_vae_keras.models.text_vae import TextVAE
from scale_vae_keras.runs.build_model import AUTO, build_model
from scale_vae_keras.runs.checkpoint_folder import checkpoints, last_good, read_state
from scale_vae_keras.runs.config import RunConfig
from scale_vae_keras.runs.history_table import HistoryTable
from scale_vae_keras.runs.precision import decide_precision
from scale_vae_keras.runs.resumed_epoch import ResumedEpoch
from scale_vae_keras.runs.run_checkpoint import RunCheckpoint
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.runs.run_sentences import run_sentences
from scale_vae_keras.runs.run_tokenizer import resolved
from scale_vae_keras.runs.same_run import change_limits, check_same_run, describe_run
from scale_vae_keras.runs.standard_callbacks import standard_callbacks
from scale_vae_keras.runs.stopped import say_why_it_stopped, what_is_saved
from scale_vae_keras.runs.tensorboard import tensorboard_callbacks
from scale_vae_keras.runs.workers import (
    barrier,
    is_one_of_several_workers,
    lost_workers_named,
    open_strategy,
    own_output,
    own_share,
)
from scale_vae_keras.schedules.order import Stage, in_order
from scale_vae_keras.schedules.skipped_steps import SkippedSteps

_logger = logging.getLogger("scale_vae_keras")

# What the states of callbacks are called in checkpoints; others go by the name of their class.
_STATE_NAMES = {
    SkippedSteps: "skipped",
    BestModel: "best",
    LatentMonitor: "monitor",
    DecayOnPlateau: "decay",
    HistoryTable: "history",
}


class Run:
    """A run on disk with its data, new or to be continued.

    Args:
        folder: the run folder.
        train: the training sentences.
        valid: the validation sentences.
        strategy: what it trains under, see `open_strategy`.
    """

    def __init__(
        self,
        folder: RunFolder,
        train: EncodedSplit,
        valid: EncodedSplit,
        strategy: tf.distribute.Strategy,
    ):
        self.folder = folder
        self.train = train
        self.valid = valid
        self.strategy = strategy

    @classmethod
    def start(
        cls,
        config: RunConfig,
        output: str | os.PathLike,
        corpus: Corpus | None = None,
        cache: str | os.PathLike | None = None,
    ) -> "Run":
        """Opens the corpus and makes the run folder; nothing is written if anything is wrong.

        Among several workers the chief makes the folder, and the others wait for it.

        Args:
            config: the settings of the run.
            output: the run folder.
            corpus: a corpus that is open already, such as one of `corpus_from`; by default
                `config.data` is opened. What reads the run's corpus later needs it as `data`.
            cache: a folder for what is made of the corpus once, see `run_sentences`.

        Raises:
            InputError: method, corpus, replicas or output folder are invalid; or another worker
                was started with other settings or another corpus.
        """
        strategy = open_strategy(config.replicas)
        folder = RunFolder(output)
        if is_chief(strategy):
            folder.refuse_contents()
        config = replace(config, replicas=strategy.num_replicas_in_sync)
        corpus = corpus or open_corpus(config.data, config.encoding)
        config, tokenizer, fingerprint, train, valid, labels = run_sentences(config, corpus, cache)
        config = decide_precision(config, len(tokenizer.vocabulary), train, strategy, labels)
        build_model(config, len(tokenizer.vocabulary), labels)
        config.system.callbacks(config, train, valid)
        _batches(config, train, strategy)
        if is_chief(strategy):
            folder.create(config, tokenizer, fingerprint, corpus.has_labels, labels)
        barrier(strategy)
        if (folder.config, folder.corpus_fingerprint) != (config, fingerprint):
            raise InputError(f"the chief has begun {output} with other settings or another corpus")
        return cls(folder, train, valid, strategy)

    @classmethod
    def open(cls, config: RunConfig, output: str | os.PathLike) -> "Run":
        """Opens the run in `output` if it has these settings, or starts it there.

        Raises:
            InputError: a run with other settings is there; as `start` and `resume`.
        """
        if not RunFolder(output).config_path.exists():
            return cls.start(config, output)
        held = RunFolder(output).config
        config, _ = resolved(config, open_corpus(config.data, config.encoding))
        if config.precision == AUTO:
            config = replace(config, precision=held.precision)
        if held != replace(config, replicas=held.replicas):
            raise InputError(f"{output} was started with other settings: remove it to start again")
        return cls.resume(output)

    @classmethod
    def resume(
        cls,
        output: str | os.PathLike,
        epochs: int | None = None,
        replicas: int | None = None,
        data: str | os.PathLike | Corpus | None = None,
        cache: str | os.PathLike | None = None,
    ) -> "Run":
        """Opens a run that was started before.

        Args:
            output: the run folder.
            epochs: a new limit of epochs; None keeps the run's own.
            replicas: a new number of replicas; None keeps the run's own, or takes that of the
                cluster where there are several workers.
            data: where the run's corpus is now, if it has moved, or the corpus itself, such as one
                of `corpus_from`.
            cache: as for `start`.

        Raises:
            InputError: the folder is not a run, another process trains in it, its corpus has
                changed, or there are fewer devices.
        """
        folder = RunFolder(output, data, cache)
        folder.open_corpus()
        if replicas is None and not is_one_of_several_workers():
            replicas = folder.config.replicas
        strategy = open_strategy(replicas)
        if is_chief(strategy):
            with folder.locked():
                change_limits(folder, epochs, strategy.num_replicas_in_sync)
        barrier(strategy)
        folder.read_again()
        if not checkpoints(folder.checkpoints):
            _logger.warning("%s has no checkpoint yet: training starts from the beginning", output)
        return cls(folder, folder.encode("train"), folder.encode("valid"), strategy)

    def fit(
        self,
        verbose: int | str = "auto",
        profile: StepProfile | None = None,
        save_steps: int | None = None,
        save_minutes: float | None = None,
        max_skipped_share: float = 0.1,
    ) -> None:
        """Trains until the settings say stop, from the last checkpoint if there is one.

        Among several workers only the chief writes to the run folder.

        Args:
            verbose: as in `keras.Model.fit`.
            profile: records a profile of some steps; None for no profile.
            save_steps: a checkpoint after every this many steps of an epoch, besides the one after
                each epoch; None for none.
            save_minutes: a checkpoint when the last is this many minutes old; None for none.
            max_skipped_share: training stops when more than this share of an epoch's steps had a
                loss or gradient that is not finite, see `SkippedSteps`.

        Raises:
            InputError: another process trains in the folder; no checkpoint is whole; the settings
                have changed since the last one; too many steps were skipped, or the first epoch
                diverged; another worker has stopped; interrupted, or the disk cannot be written to.
                What was saved is said.
        """
        saving = {"save_steps": save_steps, "save_minutes": save_minutes}
        with (
            self.folder.locked() if is_chief(self.strategy) else nullcontext(),
            own_output(self.folder, self.strategy) as output,
        ):
            self._fit(output, verbose, profile, max_skipped_share, saving)

    def _fit(self, output, verbose, profile, max_skipped_share, saving):
        folder, config = self.folder, self.folder.config
        saved = last_good(folder.checkpoints)
        if saved is not None:
            check_same_run(read_state(saved)["run"], config)
        validation, _ = evaluation_batches(self.valid, config.batch_size)
        callbacks, checkpoint = self._callbacks(
            output,
            validation,
            max_skipped_share,
            resumed=saved,
            run=describe_run(config),
            **saving,
        )
        self.seconds, self.cpu_seconds = checkpoint.seconds, checkpoint.cpu_seconds
        epochs = config.first_epochs + config.epochs
        if checkpoint.is_finished(epochs):
            trained = checkpoint.epochs
            if not output.model_path.exists():
                checkpoint.put_best_back()
            _logger.info("nothing is left to train: %s ended after epoch %d", folder.path, trained)
            return
        remove_scratch(output.path)
        say_why_it_stopped(output)
        keras.utils.set_random_seed(config.seed)
        if profile is not None and is_chief(self.strategy):
            callbacks = in_order([*callbacks, profile])
        try:
            with lost_workers_named(self.strategy):
                with self.strategy.scope():
                    model = self._model(saved)
                barrier(self.strategy)
                self._train(model, validation, callbacks, checkpoint, verbose)
                barrier(self.strategy)
        except KeyboardInterrupt:
            raise InputError(f"interrupted: {what_is_saved(folder)}") from None
        except InputError as error:
            write_json(output.stopped_path, {"reason": str(error)})
            raise InputError(f"{error}; {what_is_saved(folder, error)}") from error
        except OSError as error:
            raise InputError(f"cannot write the run: {error}; {what_is_saved(folder)}") from error
        self.seconds, self.cpu_seconds = checkpoint.seconds, checkpoint.cpu_seconds
        if is_chief(self.strategy):
            self._say_what_is_wrong(callbacks)

    def _say_what_is_wrong(self, callbacks):
        config = self.folder.config
        if not issubclass(config.system.model, TextVAE):
            return
        table = next(each for each in callbacks if isinstance(each, HistoryTable))
        history = {name: [row.get(name) for row in table.rows] for name in table.rows[-1]}
        unigram = unigram_nll(self.train, self.valid)
        best = self.folder.load_model()
        for line in training_verdict(history, best, unigram, config.max_length + 1, config.seed):
            _logger.warning(line)

    def _model(self, saved):
        if saved is not None:
            return load_model(saved / "model.keras")
        folder = self.folder
        return build_model(folder.config, len(folder.tokenizer.vocabulary), folder.labels)

    def _train(self, model, validation, callbacks, checkpoint, verbose):
        config = self.folder.config
        epochs = config.first_epochs + config.epochs
        epoch, done = checkpoint.epochs, checkpoint.steps
        arguments = {"validation_data": validation, "shuffle": False, "verbose": verbose}
        if done:
            rest = _batches(config, self.train, self.strategy, epoch, done)
            steps = done + int(rest.cardinality())
            model.fit(
                rest,
                callbacks=ResumedEpoch(callbacks, model, done, steps, epochs, verbose),
                initial_epoch=epoch,
                epochs=epoch + 1,
                **arguments,
            )
            epoch += 1
        if epoch < epochs and not model.stop_training:
            model.fit(
                _batches(config, self.train, self.strategy, epoch),
                callbacks=callbacks,
                initial_epoch=epoch,
                epochs=epochs,
                **arguments,
            )

    @property
    def best_epoch(self) -> int:
        """The epoch of the best model so far, from 1."""
        last = checkpoints(self.folder.checkpoints)[-1]
        return read_state(last)["callbacks"]["best"]["best_epoch"] + 1

    def _callbacks(self, output, validation, max_skipped_share, **saving):
        config = self.folder.config
        standard = standard_callbacks(
            config, validation, output.model_path, self.train, self.valid, max_skipped_share
        )
        history = HistoryTable(output.history_path)
        stateful = {
            _STATE_NAMES.get(type(each), type(each).__name__): each
            for each in (*standard, history)
            if hasattr(each, "get_state")
        }
        checkpoint = RunCheckpoint(output.checkpoints, stateful, stateful["best"], **saving)
        tensorboard = tensorboard_callbacks(
            output,
            self.train,
            self.valid,
            stateful.get("monitor"),
            config,
            checkpoint.epochs,
        )
        best = stateful["best"]
        # Before the monitor and the prior, which cannot measure such a model, and after them.
        refusals = [
            RefuseDivergence(best, "val_loss", Stage.GUARD),
            RefuseDivergence(best, best.monitor, Stage.TABLE),
        ]
        row = [history, EpochLine(), *refusals]
        return in_order([*standard, *tensorboard, *row, checkpoint]), checkpoint


def _batches(config, train, strategy, first_epoch=0, first_batch=0):
    return training_batches(
        train,
        config.batch_size,
        config.seed,
        resplit=config.resplit,
        first_epoch=first_epoch,
        by_label=config.by_label,
        first_batch=first_batch,
        share=own_share(strategy),
    )
