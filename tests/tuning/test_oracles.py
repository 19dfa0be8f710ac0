import pytest

from scale_vae_keras.tuning.objective import search_objective
from scale_vae_keras.tuning.oracles import ALONE, TABLE_3, TUNERS, make_oracle
from scale_vae_keras.tuning.search_space import Range, SearchSpace

SIZES = {"embedding_dim": 6, "units": 8, "latent_dim": 4}
SMALL = {**SIZES, "learning_rate": 0.5, "dropout": 0.1}
ELBO = search_objective("elbo_nll")


def oracle(folder, tuner="random", trials=4, search_space=SMALL, **options):
    space = SearchSpace(search_space)
    made = make_oracle(tuner, space, ELBO, trials=trials, epochs=9, seed=3, **options)
    made._set_project_dir(folder, "oracle")
    return made


def begin(oracle, worker="tuner0"):
    return oracle.create_trial(worker)


def finish(oracle, trial, elbo_nll=40.0):
    oracle.update_trial(trial.trial_id, {"elbo_nll": elbo_nll})
    trial.status = "COMPLETED"
    oracle.end_trial(trial)


def fail(oracle, trial):
    trial.status = "FAILED"
    oracle.end_trial(trial)


def every_point(oracle):
    points = []
    while (trial := begin(oracle)).status == "RUNNING":
        points.append(trial.hyperparameters.values)
        finish(oracle, trial, 40.0 + len(points))
    assert trial.status == "STOPPED"
    return points


def test_table_3_is_tried_as_printed(tmp_path):
    points = every_point(oracle(tmp_path, "grid", trials=9, first=TABLE_3))
    assert [(point["des_std"], point["f_epo"]) for point in points] == [
        *((0.3, 1), (0.5, 1), (0.7, 1), (0.7, 3), (0.7, 5)),
        *((0.9, 1), (1.1, 1), (1.3, 3), (1.5, 7)),
    ]
    assert {point["average"] for point in points} == {"arithmetic"}


def test_the_tuner_chooses_after_the_grid(tmp_path):
    points = every_point(oracle(tmp_path, "random", trials=11, first=TABLE_3))
    assert len(points) == 11
    given = [(point["des_std"], point["f_epo"]) for point in TABLE_3]
    assert [(point["des_std"], point["f_epo"]) for point in points[:9]] == given
    assert not {point["des_std"] for point in points[9:]} & {0.3, 0.5, 0.7, 0.9, 1.1, 1.3, 1.5}


def test_a_grid_is_every_combination(tmp_path):
    space = {**SMALL, "des_std": (0.5, 0.9), "f_epo": (1, 2), "average": ("pooled", "median")}
    points = every_point(oracle(tmp_path, "grid", 20, space))
    assert [tuple(point.values()) for point in points] == [
        (des_std, f_epo, average)
        for des_std in (0.5, 0.9)
        for f_epo in (1, 2)
        for average in ("pooled", "median")
    ]


def test_a_range_has_ten_values_in_a_grid(tmp_path):
    space = {**SMALL, "des_std": Range(0.0, 1.0), "f_epo": 1, "average": "pooled"}
    points = every_point(oracle(tmp_path, "grid", 20, space))
    assert [point["des_std"] for point in points] == pytest.approx(
        [0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95]
    )


@pytest.mark.parametrize("tuner", TUNERS)
def test_a_seed_gives_the_same_trials(tuner, tmp_path):
    first = every_point(oracle(tmp_path / "a", tuner))
    assert first == every_point(oracle(tmp_path / "b", tuner))
    assert len(first) == 4


def test_bayesian_optimisation_leaves_the_random_start(tmp_path):
    space = {**SMALL, "f_epo": 1, "average": "pooled"}
    searched = oracle(tmp_path, "bayesian", 6, space)
    points = []
    while (trial := begin(searched)).status == "RUNNING":
        points.append(trial.hyperparameters.values["des_std"])
        finish(searched, trial, 40 + (points[-1] - 1.4) ** 2)
    drawn, chosen = (min(abs(point - 1.4) for point in part) for part in (points[:2], points[2:]))
    assert chosen < 0.1 < drawn


@pytest.mark.parametrize("tuner", TUNERS)
def test_a_killed_search_repeats_only_what_was_running(tuner, tmp_path):
    whole = every_point(oracle(tmp_path / "whole", tuner))
    killed = oracle(tmp_path, tuner)
    finish(killed, begin(killed), 41.0)
    fail(killed, begin(killed))
    running = begin(killed)

    resumed = oracle(tmp_path, tuner)
    resumed.reload()
    statuses = {name: trial.status for name, trial in resumed.trials.items()}
    assert statuses == {"0": "COMPLETED", "1": "FAILED", "2": "RUNNING"}
    again = begin(resumed)
    assert again.trial_id == running.trial_id
    assert again.hyperparameters.values == running.hyperparameters.values
    finish(resumed, again, 43.0)
    last = begin(resumed)
    assert last.trial_id == "3"
    if tuner != "bayesian":
        assert last.hyperparameters.values == whole[3]
    finish(resumed, last)
    assert begin(resumed).status == "STOPPED"


def test_a_trial_that_was_never_recorded_never_began(tmp_path):
    killed = oracle(tmp_path)
    finish(killed, begin(killed))
    before = (tmp_path / "oracle" / "oracle.json").read_bytes()
    begin(killed)
    (tmp_path / "oracle" / "oracle.json").write_bytes(before)

    resumed = oracle(tmp_path)
    resumed.reload()
    assert list(resumed.trials) == ["0"]
    assert begin(resumed).trial_id == "1"


def test_failures_in_a_row_are_all_recorded(tmp_path):
    searched = oracle(tmp_path, trials=5)
    while (trial := begin(searched)).status == "RUNNING":
        fail(searched, trial)
    assert [trial.status for trial in searched.trials.values()] == ["FAILED"] * 5


def test_a_chief_that_comes_back_leaves_the_workers_their_trials(tmp_path):
    killed = oracle(tmp_path)
    own = {worker: begin(killed, worker).trial_id for worker in ("one", "two")}
    alone = begin(killed, ALONE).trial_id

    resumed = oracle(tmp_path)
    resumed.has_workers = True
    resumed.reload()
    assert {worker: begin(resumed, worker).trial_id for worker in ("two", "one")} == own
    assert begin(resumed, "three").trial_id == alone == "2"
    assert begin(resumed, "four").trial_id == "3"


def test_hyperband_trains_longer_what_was_best(tmp_path):
    searched = oracle(tmp_path, "hyperband", trials=30)
    trials = []
    while (trial := begin(searched)).status == "RUNNING":
        trials.append(trial.hyperparameters.values)
        finish(searched, trial, 40 + trial.hyperparameters.values["des_std"])
    higher = next(values for values in trials if "tuner/trial_id" in values)
    lower = trials[: trials.index(higher)]
    chosen = lower[int(higher["tuner/trial_id"])]
    assert chosen["des_std"] == min(values["des_std"] for values in lower)
    assert (chosen["tuner/epochs"], higher["tuner/epochs"]) == (1, 3)
    assert higher["des_std"] == chosen["des_std"]
