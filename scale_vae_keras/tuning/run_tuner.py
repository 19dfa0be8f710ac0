"""A tuner of KerasTuner whose trials are runs of this package."""

import gc
import logging
import math
import os
import shutil
import time
import traceback
from dataclasses import replace

import keras
from tensorboard.plugins.scalar.summary_v2 import scalar_pb

from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.evaluate import evaluate_model
from scale_vae_keras.event_log import EventLog
from scale_vae_keras.files import written_whole
from scale_vae_keras.models.scale_vae import ScaleVAE
from scale_vae_keras.runs.train import Run
from scale_vae_keras.tuning.chief import is_worker
from scale_vae_keras.tuning.extra import keras_tuner
from scale_vae_keras.tuning.objective import SearchObjective
from scale_vae_keras.tuning.oracles import ALONE
from scale_vae_keras.tuning.search_folder import SearchFolder
from scale_vae_keras.tuning.search_space import SearchSpace

_logger = logging.getLogger("scale_vae_keras")

_IDLE_SECONDS = 0.5
_FIGURES = (
    *("elbo_nll", "objective_nll", "reconstruction", "kl", "kl_scaled_prior"),
    *("mi", "mi_cap", "au", "au_unscaled"),
)


class RunTuner(keras_tuner.engine.base_tuner.BaseTuner):
    """Trains each trial in a run folder of its own, and measures the run's best model.

    An interrupted trial continues from its last epoch. A Hyperband trial of a higher rung
    begins with a copy of the run that it continues.

    Args:
        oracle: what chooses the settings.
        space: what is searched.
        objective: what is looked for.
        folder: the folder of the search.
        cache: a folder for what is made of the corpus once, see `cached_split`; None for none.
    """

    def __init__(
        self,
        oracle: keras_tuner.Oracle,
        space: SearchSpace,
        objective: SearchObjective,
        folder: SearchFolder,
        cache: str | os.PathLike | None = None,
    ):
        self.space = space
        self.search_objective = objective
        self.folder = folder
        self.cache = cache
        super().__init__(oracle, directory=folder.path, project_name=folder.oracle.name)
        if not is_worker():
            self.tuner_id = ALONE

    def search(self) -> None:
        """Runs trials until the oracle has no more.

        Raises:
            InputError: the training was interrupted, or the disk cannot be written to.
        """
        while True:
            trial = self.oracle.create_trial(self.tuner_id)
            if trial.status == "STOPPED":
                return
            if trial.status == "IDLE":
                time.sleep(_IDLE_SECONDS)
                continue
            try:
                figures = self.run_trial(trial)
            except Exception as error:
                self._stop_if_interrupted(trial.trial_id, error)
                self._report_failure(trial.trial_id, error)
                trial.status = "FAILED"
            else:
                self.oracle.update_trial(trial.trial_id, figures)
                trial.status = "COMPLETED"
            self.on_trial_end(trial)

    def run_trial(self, trial) -> dict[str, float]:
        """Trains and measures; the figures are those of the validation sentences.

        Raises:
            InputError: the settings are not fit, or the model diverged.
        """
        name = trial.trial_id
        figures = self._train_and_measure(name, trial.hyperparameters.values)
        self._log(name, figures)
        print(
            f"trial {name}: {self.search_objective.name} {figures[self.search_objective.name]:.3f}"
            f", {figures['seconds']:.0f} s",
            flush=True,
        )
        return figures

    def save(self) -> None:
        """Saves the oracle's state; a worker has none."""
        if not is_worker():
            self.oracle.save()

    def reload(self) -> None:
        """Goes on from the oracle's state; a worker has none."""
        if not is_worker():
            self.oracle.reload()

    def load_model(self, trial) -> ScaleVAE:
        """The best model of a trial's run."""
        return self.folder.run(trial.trial_id).load_model()

    def _get_tuner_fname(self):
        """The file whose presence tells KerasTuner to resume."""
        return str(self.folder.oracle / "oracle.json")

    def _train_and_measure(self, name, values):
        keras.backend.clear_session()
        gc.collect()
        run = self._open(name, values)
        run.fit(verbose=0)
        if not run.folder.model_path.is_file():
            raise InputError("no epoch had a finite validation loss: the model has diverged")
        metrics = evaluate_model(
            run.folder.load_model("float32"), run.valid, samples=0, seed=run.folder.config.seed
        )
        objective = self.search_objective.value(metrics)
        if not math.isfinite(objective):
            raise InputError(f"{self.search_objective.name} is {objective}: the model has diverged")
        return {
            **{figure: float(metrics[figure]) for figure in _FIGURES},
            self.search_objective.name: objective,
            "best_epoch": float(run.best_epoch),
            "seconds": run.seconds,
        }

    def _open(self, name, values):
        epochs = values.get("tuner/epochs", self.space.default["epochs"])
        folder = self.folder.run(name)
        if not folder.config_path.exists():
            shutil.rmtree(folder.path, ignore_errors=True)
            folder.path.parent.mkdir(exist_ok=True)
            if "tuner/trial_id" not in values:
                config = replace(self.space.config(values), epochs=epochs)
                return Run.start(config, folder.path, cache=self.cache)
            with written_whole(folder.path) as temporary:
                shutil.copytree(self.folder.run(values["tuner/trial_id"]).path, temporary)
        return Run.resume(folder.path, epochs, cache=self.cache)

    def _stop_if_interrupted(self, name, error):
        for cause in (error, error.__context__):
            if isinstance(cause, BlockingIOError):
                raise error
            if isinstance(cause, KeyboardInterrupt | OSError):
                reason = str(cause) or "interrupted"
                raise InputError(
                    f"trial {name} stopped: {reason}; the same command resumes it"
                ) from error

    def _report_failure(self, name, error):
        first = str(error).strip().partition("\n")[0]
        reason = first if isinstance(error, InputError) else f"{type(error).__name__}: {first}"
        with written_whole(self.folder.failure_path(name)) as temporary:
            temporary.write_text(f"{reason}\n\n{traceback.format_exc()}", encoding="utf-8")
        _logger.warning("trial %s failed: %s", name, reason)

    def _log(self, name, figures):
        log = EventLog(self.folder.run(name).logs / "validation", finished=None)
        summaries = [scalar_pb(f"best/{figure}", value) for figure, value in figures.items()]
        log.write(int(figures["best_epoch"]), *summaries)
