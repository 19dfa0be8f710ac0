"""The oracles of KerasTuner, made to survive a killed search."""

import warnings
from collections.abc import Mapping, Sequence
from itertools import islice, product
from pathlib import Path

from scale_vae_keras.files import write_json
from scale_vae_keras.tuning.extra import keras_tuner
from scale_vae_keras.tuning.objective import SearchObjective
from scale_vae_keras.tuning.search_space import SearchSpace

TUNERS = ("random", "hyperband", "bayesian", "grid")

ALONE = "alone"
"""The id of the only process of a search, where KerasTuner's workers have their own."""

TABLE_3 = tuple(
    {"des_std": des_std, "f_epo": f_epo}
    for des_std, f_epo in (
        *((0.3, 1), (0.5, 1), (0.7, 1), (0.7, 3), (0.7, 5)),
        *((0.9, 1), (1.1, 1), (1.3, 3), (1.5, 7)),
    )
)
"""The settings of Table 3 of the Scale-VAE paper (Song et al., 2024)."""


class _Resumable:
    """Tries given points first, and keeps its state on disk, so that a killed search can continue.

    KerasTuner writes its files in place, forgets where a grid search was, counts a trial as
    unfinished until the next one begins, and ends the search at the third failure in a row before
    it has recorded that one. With it, a trial that has ended stays so, and one that was running is
    run again.
    """

    points: Sequence[Mapping[str, object]] = ()
    has_workers = False

    def populate_space(self, trial_id):
        if len(self.start_order) < len(self.points):
            return {"status": "RUNNING", "values": dict(self.points[len(self.start_order)])}
        with warnings.catch_warnings():
            # A Gaussian process of few trials warns of its kernel at every step.
            warnings.simplefilter("ignore", UserWarning)
            return super().populate_space(trial_id)

    def save(self):
        write_json(self._get_oracle_fname(), self.get_state())

    def _save_trial(self, trial):
        path = Path(self._get_trial_dir(trial.trial_id)) / "trial.json"
        write_json(path, trial.get_state())

    def reload(self):
        super().reload()
        self.trials = {
            name: trial for name, trial in sorted(self.trials.items()) if name in self.start_order
        }
        running = {name for name, trial in self.trials.items() if trial.status == "RUNNING"}
        ended = [name for name in self.start_order if name not in {*running, *self.end_order}]
        self.end_order.extend(ended)
        if self.has_workers:
            self.ongoing_trials = {
                worker: trial
                for worker, trial in self._last_workers.items()
                if worker != ALONE and trial.trial_id in running
            }
        held = {trial.trial_id for trial in self.ongoing_trials.values()}
        self._retry_queue = sorted(running - held, reverse=True)

    def set_state(self, state):
        super().set_state(state)
        self._last_workers = dict(self.ongoing_trials)


class _PointsOracle(keras_tuner.Oracle):
    def populate_space(self, trial_id):
        return {"status": "STOPPED"}


def make_oracle(
    tuner: str,
    space: SearchSpace,
    objective: SearchObjective,
    trials: int,
    epochs: int,
    seed: int,
    first: Sequence[Mapping[str, object]] = (),
) -> keras_tuner.Oracle:
    """The oracle of a search.

    Args:
        tuner: "random"; "hyperband"; "bayesian", with a third of the trials at random; or "grid",
            every combination in turn, ten values of a range.
        space: what is searched.
        objective: what is looked for.
        trials: maximum number of trials; a Hyperband rung counts as one.
        epochs: maximum number of epochs of a Hyperband trial.
        seed: seed of the choices.
        first: values that are tried before the tuner chooses.
    """
    hyperparameters = keras_tuner.HyperParameters()
    default = space.declare(hyperparameters)
    arguments = {
        "objective": keras_tuner.Objective(objective.name, objective.direction),
        "hyperparameters": hyperparameters,
        "seed": seed + 1,
        "max_consecutive_failed_trials": trials + 1,
    }
    points = [{**default, **point} for point in first]
    if tuner == "hyperband":
        oracle = _oracle(keras_tuner.oracles.HyperbandOracle)(
            max_epochs=epochs, hyperband_iterations=None, **arguments
        )
        oracle.max_trials = trials
    elif tuner == "bayesian":
        oracle = _oracle(keras_tuner.oracles.BayesianOptimizationOracle)(
            max_trials=trials, num_initial_points=max(2, trials // 3), **arguments
        )
    elif tuner == "grid":
        oracle = _oracle(_PointsOracle)(max_trials=trials, **arguments)
        points += _combinations(hyperparameters, trials) if not points else []
    else:
        oracle = _oracle(keras_tuner.oracles.RandomSearchOracle)(max_trials=trials, **arguments)
    oracle.points = points
    oracle.verbose = 0
    return oracle


def _oracle(kind):
    return type(kind.__name__, (_Resumable, kind), {})


def _combinations(hyperparameters, most):
    names = [parameter.name for parameter in hyperparameters.space]
    values = [
        parameter.values
        if isinstance(parameter, keras_tuner.engine.hyperparameters.Choice)
        else sorted(parameter.values)
        for parameter in hyperparameters.space
    ]
    return [dict(zip(names, point, strict=True)) for point in islice(product(*values), most)]
