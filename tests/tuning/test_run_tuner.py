"""Searches in this process; each trial is a run."""

import csv
import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata

from scale_vae_keras.errors import InputError
from scale_vae_keras.files import locked
from scale_vae_keras.runs.train import Run
from scale_vae_keras.tuning.oracles import TUNERS
from scale_vae_keras.tuning.results import read_trials
from scale_vae_keras.tuning.run_tuner import RunTuner
from scale_vae_keras.tuning.search import SearchSettings, search
from scale_vae_keras.tuning.search_folder import SearchFolder


@pytest.fixture(scope="module")
def settings(corpus, tiny_space):
    return SearchSettings(
        data=str(corpus), trials=2, epochs=1, search_space=tiny_space, train_limit=20
    )


@pytest.fixture(scope="module")
def random_search(settings, tmp_path_factory):
    output = tmp_path_factory.mktemp("random") / "search"
    search(settings, output)
    return output


def test_every_trial_is_completed(random_search):
    trials = read_trials(random_search)
    assert sorted((trial.name, trial.status) for trial in trials) == [
        ("0", "COMPLETED"),
        ("1", "COMPLETED"),
    ]
    scores = [trial.figures["elbo_nll"] for trial in trials]
    assert scores == sorted(scores)
    assert all(
        score > trial.figures["objective_nll"] for score, trial in zip(scores, trials, strict=True)
    )


def test_a_trial_is_a_run_with_the_settings_that_were_chosen(random_search, corpus):
    for trial in read_trials(random_search):
        run = SearchFolder(random_search).run(trial.name)
        config = run.config
        assert (config.data, config.epochs, config.train_limit) == (str(corpus), 1, 20)
        assert (config.units, config.f_epo) == (8, 1)
        for name in ("des_std", "learning_rate", "dropout"):
            assert getattr(config, name) == trial.values[name]
        model = run.load_model()
        assert model.scale_config["des_std"] == config.des_std
        assert model.generate(2, 0).ids.shape[0] == 2


def test_the_score_is_that_of_the_saved_model(random_search):
    """One sample of z more or less moves a bound by little; the rates are exact."""
    from scale_vae_keras.evaluation.evaluate import evaluate_model

    best = read_trials(random_search)[0]
    run = Run.resume(SearchFolder(random_search).run(best.name).path)
    metrics = evaluate_model(run.folder.load_model(), run.valid, samples=0, seed=7)
    assert metrics["kl_scaled_prior"] == best.figures["kl_scaled_prior"]
    assert metrics["elbo_nll"] == pytest.approx(best.figures["elbo_nll"], abs=1.0)
    assert best.figures["elbo_nll"] >= best.figures["reconstruction"]


def test_a_log_a_trial_with_hyperparameters(random_search):
    for trial in read_trials(random_search):
        folder = SearchFolder(random_search).run(trial.name).logs / "validation"
        events = EventAccumulator(str(folder)).Reload()
        content = events.SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
        start = metadata.parse_session_start_info_plugin_data(content)
        assert start.hparams["des_std"].number_value == trial.values["des_std"]
        (best,) = events.Tensors("best/elbo_nll")
        assert best.step == 1
        assert best.tensor_proto.float_val[0] == pytest.approx(trial.figures["elbo_nll"])
        # The curves of the training, which another log lies beside, are not forgotten.
        assert [each.step for each in events.Tensors("loss/elbo_nll")] == [1]


def test_the_same_search_again_runs_nothing(random_search, settings, monkeypatch):
    monkeypatch.setattr(RunTuner, "run_trial", lambda *_: pytest.fail("a trial was run again"))
    search(settings, random_search)


def test_a_search_goes_on_with_its_corpus_alone(random_search, settings, corpus, tmp_path):
    """Else all trials that are left would fail for good, or be measured on other text."""
    output = shutil.copytree(random_search, tmp_path / "search")
    here = shutil.copytree(corpus, tmp_path / "here")
    content = json.loads((output / "search.json").read_text())
    (output / "search.json").write_text(json.dumps({**content, "data": str(here)}))
    moved = replace(settings, data=str(here), trials=3)
    with open(here / "valid.txt", "a") as file:
        file.write("one more sentence\n")
    with pytest.raises(InputError, match="is another: corpus_fingerprint is "):
        search(moved, output)
    shutil.rmtree(here)
    with pytest.raises(InputError, match=r"there is no folder .*here"):
        search(moved, output)
    assert len(read_trials(output)) == 2


def test_a_second_search_at_the_same_time_is_told_of_the_first(random_search, settings):
    with (
        locked(random_search / ".lock"),
        pytest.raises(InputError, match=r"^process \d+ searches in .*: wait for its end$"),
    ):
        search(settings, random_search)


def test_settings_that_do_not_fit_into_memory_are_a_trial_that_failed(
    settings, tmp_path, monkeypatch
):
    def too_large(*_):
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")

    monkeypatch.setattr("scale_vae_keras.tuning.search.build_model", too_large)
    monkeypatch.setattr("scale_vae_keras.runs.train.build_model", too_large)
    search(settings, tmp_path / "search")
    trials = read_trials(tmp_path / "search")
    assert [trial.status for trial in trials] == ["FAILED", "FAILED"]


def test_another_search_in_the_folder_is_refused(random_search, settings):
    other = SearchSettings(settings.data, objective="mi", search_space=settings.search_space)
    with pytest.raises(InputError, match="objective is elbo_nll, not mi"):
        search(other, random_search)


@pytest.mark.parametrize("tuner", TUNERS)
def test_every_tuner_runs_its_trials(tuner, settings, tmp_path, monkeypatch):
    """The training is left out: the figures follow from the settings."""

    def figures(tuner, name, values):
        return {"mi": values["des_std"], "elbo_nll": 40.0, "seconds": 0.0, "best_epoch": 1.0}

    monkeypatch.setattr(RunTuner, "_train_and_measure", figures)
    changed = {"tuner": tuner, "objective": "mi", "trials": 4, "epochs": 3}
    search(SearchSettings(**{**vars(settings), **changed}), tmp_path)
    trials = read_trials(tmp_path)
    assert [trial.status for trial in trials] == ["COMPLETED"] * 4
    assert [trial.figures["mi"] for trial in trials] == sorted(
        (trial.values["des_std"] for trial in trials), reverse=True
    )
    epochs = [1, 1, 1, 3] if tuner == "hyperband" else [3] * 4
    assert sorted(trial.epochs for trial in trials) == epochs


def history(run):
    with run.history_path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_higher_rung_goes_on_with_the_lower_ones_run(random_search, settings, tmp_path):
    output = tmp_path / "search"
    shutil.copytree(random_search, output)
    tuner = RunTuner.__new__(RunTuner)
    tuner.cache = None
    tuner.space, tuner.folder = settings.space(), SearchFolder(output)
    tuner.search_objective = SimpleNamespace(name="mi", value=lambda metrics: metrics["mi"])
    (lower,) = history(tuner.folder.run("1"))

    values = {"tuner/trial_id": "1", "tuner/epochs": 2, "tuner/initial_epoch": 1}
    trial = SimpleNamespace(trial_id="2", hyperparameters=SimpleNamespace(values=values))
    figures = tuner.run_trial(trial)

    run = tuner.folder.run("2")
    first, second = history(run)
    assert {name: first[name] for name in lower} == lower
    assert second["epoch"] == "2"
    assert history(tuner.folder.run("1")) == [lower]
    assert (run.config.epochs, tuner.folder.run("1").config.epochs) == (2, 1)
    assert figures["best_epoch"] in (1.0, 2.0)


def test_an_interruption_is_no_failure(settings, tmp_path, monkeypatch):
    def interrupted(run, **_):
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            raise InputError("interrupted: no epoch was finished") from None

    monkeypatch.setattr(Run, "fit", interrupted)
    with pytest.raises(InputError, match="trial 0 stopped: interrupted; the same command"):
        search(settings, tmp_path)
    assert [trial.status for trial in read_trials(tmp_path)] == ["RUNNING"]


def test_a_full_disk_is_no_failure(settings, tmp_path, monkeypatch):
    def full(run, **_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Run, "fit", full)
    with pytest.raises(InputError, match=r"trial 0 stopped: .*No space left"):
        search(settings, tmp_path)
    assert [trial.status for trial in read_trials(tmp_path)] == ["RUNNING"]


def test_a_model_that_never_was_finite_has_failed(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(Run, "fit", lambda run, **_: None)
    search(settings, tmp_path)
    trials = read_trials(tmp_path)
    assert [trial.status for trial in trials] == ["FAILED"] * 2
    assert "the model has diverged" in trials[0].reason
    assert "Traceback" in SearchFolder(tmp_path).failure_path("0").read_text()


def test_a_run_that_was_half_begun_is_begun_again(settings, tmp_path):
    tuner = RunTuner.__new__(RunTuner)
    tuner.cache = None
    tuner.space, tuner.folder = settings.space(), SearchFolder(tmp_path)
    begun = tuner.folder.run("0").path
    begun.mkdir(parents=True)
    (begun / "vocabulary.txt").write_text("half")
    run = tuner._open("0", {"des_std": 0.5})
    assert (run.folder.config.des_std, run.folder.config.epochs) == (0.5, 1)
    assert run.folder.tokenizer.fingerprint() == run.folder._config["vocabulary_fingerprint"]


def test_the_folder_of_something_else_is_refused(settings, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="holds no search"):
        search(settings, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"tuner": "best"}, "unknown tuner 'best'"),
        ({"trials": 0}, "trials must be at least 1, got 0"),
        ({"grid": "table4"}, "unknown grid"),
        ({"grid": "table3", "tuner": "hyperband"}, "hyperband draws its own"),
        ({"grid": "table3", "search_space": {"f_epo": 1}}, "sets f_epo: leave it out"),
    ],
)
def test_refused_settings(changed, message):
    with pytest.raises(InputError, match=message):
        SearchSettings("reviews", **changed)


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"des_std": [-1.0, -2.0]}, "des_std"),
        (dict.fromkeys(["des_std", "learning_rate", "dropout"], 0.5), "every setting is fixed"),
    ],
)
def test_a_search_that_cannot_work_does_not_begin(space, message, settings, tmp_path):
    wrong = {**vars(settings), "search_space": {**settings.search_space, **space}}
    with pytest.raises(InputError, match=message):
        search(SearchSettings(**wrong), tmp_path / "search")
    assert not (tmp_path / "search").exists()


def test_search_json_says_what_was_searched(random_search):
    content = json.loads((random_search / "search.json").read_text())
    assert (content["tuner"], content["objective"], content["epochs"]) == ("random", "elbo_nll", 1)
    assert content["search_space"]["des_std"] == {"low": 0.3, "high": 1.5, "log": False}
    assert content["search_space"]["units"] == 8
