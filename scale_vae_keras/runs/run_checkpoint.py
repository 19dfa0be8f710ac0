"""What a run needs to continue after it was stopped."""

import math
import os
import shutil
import time
from pathlib import Path

import keras
import numpy as np

from scale_vae_keras.callbacks.best_model import BestModel
from scale_vae_keras.files import write_json, written_whole
from scale_vae_keras.layers.replica import host_value
from scale_vae_keras.runs.checkpoint_folder import (
    checkpoints,
    new_checkpoint,
    position,
    read_state,
)
from scale_vae_keras.schedules.autoencoder_pretraining import AutoencoderPretraining
from scale_vae_keras.schedules.order import Stage
from scale_vae_keras.settings import real_number, whole_number

_KEPT = 2


class RunCheckpoint(keras.callbacks.Callback):
    """Saves all that a run is made of after each epoch, and within epochs if asked to.

    A checkpoint is a folder that appears at once and whole: `model.keras` (weights and optimizer),
    `best.keras` (the best model so far, once there is one), `state.json` (running means of the
    epoch, state of the other callbacks, times), an `.npz` file for each callback that has arrays to
    keep, and `manifest.json` (SHA-256 of the files). The last two checkpoints are kept.

    A run that continues from a checkpoint gives it as `resumed`, passes the model loaded from it to
    `fit` with `initial_epoch=checkpoint.epochs`, and ends like one that was never stopped. If
    `checkpoint.steps` is not 0 the first epoch has begun: give `fit` only the rest of its batches,
    and these callbacks as a `ResumedEpoch`. It acts last: what other callbacks do to the weights
    when an epoch begins is undone when it had begun before.

    Args:
        folder: the folder of the checkpoints.
        stateful: callbacks with `get_state` and `set_state`, by name; their state is set here.
            Some have `get_arrays` and `set_arrays` as well.
        best: the callback that keeps the best model.
        resumed: the checkpoint to continue from, see `last_good`.
        save_steps: a checkpoint after every this many steps of an epoch; None for none.
        save_minutes: a checkpoint when the last is this many minutes old; None for none.
        run: recorded in `state.json` as it is.

    Attributes:
        epochs: finished epochs.
        steps: finished steps of the epoch after them.
        stopped: whether another callback has ended training.
        seconds: time that the run took, in seconds.
        cpu_seconds: processor time that it took, in seconds.
        trained_steps: steps of all finished epochs; NaN after a checkpoint of a version that did
            not count them.
        to_best: steps and processor time to the end of the best epoch, `trained_steps` and
            `cpu_seconds` by name; empty until there is one.

    Raises:
        InputError: `save_steps` is below 1 or `save_minutes` below 0.
    """

    stage = Stage.CHECKPOINT

    def __init__(
        self,
        folder: str | os.PathLike,
        stateful: dict[str, keras.callbacks.Callback],
        best: BestModel | None = None,
        resumed: Path | None = None,
        save_steps: int | None = None,
        save_minutes: float | None = None,
        run: dict | None = None,
    ):
        super().__init__()
        if save_steps is not None:
            save_steps = whole_number("save_steps", save_steps, 1)
        if save_minutes is not None:
            save_minutes = real_number("save_minutes", save_minutes, least=0)
        self.folder = Path(folder)
        self.stateful = stateful
        self.best = best
        self.save_steps = save_steps
        self.save_minutes = save_minutes
        self.run = run or {}
        self.epochs = self.steps = 0
        self.stopped = False
        self.seconds = self.cpu_seconds = 0.0
        self.trained_steps = 0
        self.to_best: dict[str, float] = {}
        self._resumed = resumed
        self._weights = self._running_means = None
        if resumed is not None:
            self._set_state(read_state(resumed))
            self._set_arrays(resumed)

    def _set_state(self, state):
        self.epochs, self.steps = state["epochs"], state["steps"]
        self.stopped = state["stopped"]
        self.seconds, self.cpu_seconds = state["seconds"], state["cpu_seconds"]
        self.trained_steps = state.get("trained_steps", math.nan)
        self.to_best = state.get("to_best", {})
        self._running_means = state["running_means"]
        for name, saved in state["callbacks"].items():
            self.stateful[name].set_state(saved)

    def _set_arrays(self, checkpoint):
        for name, callback in self.stateful.items():
            path = checkpoint / f"{name}.npz"
            if path.exists():
                with np.load(path) as content:
                    callback.set_arrays([content[key] for key in content.files])

    def is_finished(self, epochs: int) -> bool:
        """Whether a run of so many epochs is over.

        Those that an autoencoder's pretraining has left over are used up. Where it was only they
        that ended training, a run of more epochs is not over.
        """
        unused, only_limit = 0, False
        for each in self.stateful.values():
            if isinstance(each, AutoencoderPretraining):
                unused, only_limit = each.unused_epochs, each.ended
        return self.epochs + unused >= epochs or (self.stopped and not only_limit)

    def on_train_begin(self, logs=None):
        """Starts the clocks, and puts the folder back to where the checkpoint was written."""
        self._started = time.monotonic() - self.seconds
        self._cpu_started = time.process_time() - self.cpu_seconds
        self._saved_at = time.monotonic()
        self.folder.mkdir(exist_ok=True)
        if self._resumed is not None:
            self._put_back()
            self._resumed = None

    def _put_back(self):
        for newer in checkpoints(self.folder):
            if position(newer) > (self.epochs, self.steps):
                shutil.rmtree(newer)
        self.put_best_back()
        if self.steps:
            self._weights = [host_value(variable) for variable in self._variables()]

    def put_best_back(self) -> None:
        """Puts the best model of the checkpoint that a run resumes from in its place."""
        best = self._resumed / "best.keras"
        if best.exists():
            with written_whole(self.best.path) as temporary:
                shutil.copyfile(best, temporary)

    def _variables(self):
        return [*self.model.variables, *self.model.optimizer.variables]

    def on_epoch_begin(self, epoch, logs=None):
        """Goes back into an epoch that had begun."""
        if self._weights is None:
            return
        values = [*self._weights, *self._running_means]
        for variable, value in zip(
            [*self._variables(), *self.model.metrics_variables], values, strict=True
        ):
            variable.assign(value)
        self._weights = None

    def on_train_batch_end(self, batch, logs=None):
        """Saves within an epoch when it is time, but not at its end."""
        steps = batch + 1
        if steps == self.params["steps"]:
            return
        after_steps = self.save_steps is not None and steps % self.save_steps == 0
        minutes = (time.monotonic() - self._saved_at) / 60
        if after_steps or (self.save_minutes is not None and minutes >= self.save_minutes):
            self._save(self.epochs, steps)

    def on_epoch_end(self, epoch, logs=None):
        """Saves."""
        self.trained_steps += self.params["steps"]
        self._read_clocks()
        if self.best is not None and self.best.best_epoch == epoch:
            self.to_best = {
                "trained_steps": self.trained_steps,
                "cpu_seconds": self.cpu_seconds,
            }
        self._save(epoch + 1, 0)

    def _read_clocks(self):
        self.seconds = time.monotonic() - self._started
        self.cpu_seconds = time.process_time() - self._cpu_started

    def _save(self, epochs, steps):
        self.epochs, self.steps = epochs, steps
        self.stopped = bool(self.model.stop_training)
        self._read_clocks()
        running_means = [host_value(variable).tolist() for variable in self.model.metrics_variables]
        with new_checkpoint(self.folder, epochs, steps) as checkpoint:
            self.model.save(checkpoint / "model.keras")
            if self.best is not None and self.best.path.exists():
                shutil.copyfile(self.best.path, checkpoint / "best.keras")
            for name, callback in self.stateful.items():
                if arrays := getattr(callback, "get_arrays", list)():
                    np.savez(checkpoint / f"{name}.npz", *arrays)
            write_json(
                checkpoint / "state.json",
                {
                    "epochs": epochs,
                    "steps": steps,
                    "seconds": self.seconds,
                    "cpu_seconds": self.cpu_seconds,
                    "trained_steps": self.trained_steps,
                    "to_best": self.to_best,
                    "stopped": self.stopped,
                    "running_means": running_means,
                    "callbacks": {n: c.get_state() for n, c in self.stateful.items()},
                    "run": self.run,
                },
            )
        self._saved_at = time.monotonic()
        for old in checkpoints(self.folder)[:-_KEPT]:
            shutil.rmtree(old)
