"""The table and the picture of a search, from files as a search writes them."""

import json
import struct

import pytest

from scale_vae_keras.commands.tune import show
from scale_vae_keras.errors import InputError
from scale_vae_keras.tuning.results import read_trials


def write_trial(folder, name, status, values, **figures):
    trial = folder / "oracle" / f"trial_{name}"
    trial.mkdir(parents=True)
    metrics = {
        figure: {"direction": "min", "observations": [{"value": [value], "step": 0}]}
        for figure, value in figures.items()
    }
    content = {
        "trial_id": name,
        "hyperparameters": {"space": [], "values": values},
        "metrics": {"metrics": metrics},
        "status": status,
    }
    (trial / "trial.json").write_text(json.dumps(content))
    if status == "FAILED":
        (trial / "failure.txt").write_text("ResourceExhausted: [out] of memory\n\nTraceback ...")


@pytest.fixture
def found(tmp_path):
    settings = {
        "objective": "elbo_nll-0.5*mi",
        "epochs": 9,
        "search_space": {"des_std": {}, "average": [], "units": 8},
    }
    (tmp_path / "search.json").write_text(json.dumps(settings))
    for name, des_std, elbo_nll, mi in (("0", 0.3, 46.0, 3.0), ("1", 0.712345, 45.0, 6.0)):
        values = {"average": "pooled", "des_std": des_std, "tuner/epochs": 3}
        figures = {"elbo_nll": elbo_nll, "mi": mi, "elbo_nll-0.5*mi": elbo_nll - 0.5 * mi}
        write_trial(tmp_path, name, "COMPLETED", values, au=4.0, seconds=61.4, **figures)
    write_trial(tmp_path, "2", "FAILED", {"average": "median", "des_std": 1.5})
    write_trial(tmp_path, "3", "RUNNING", {"average": "median", "des_std": 0.9})
    return tmp_path


def test_the_best_comes_first_and_failures_last(found):
    trials = read_trials(found)
    assert [trial.name for trial in trials] == ["1", "0", "3", "2"]
    assert [trial.epochs for trial in trials] == [3, 3, 9, 9]
    assert trials[0].values == {"average": "pooled", "des_std": 0.712345}
    assert trials[-1].reason == "ResourceExhausted: [out] of memory"


def test_where_the_objective_shall_be_large(found):
    settings = json.loads((found / "search.json").read_text())
    (found / "search.json").write_text(json.dumps({**settings, "objective": "mi"}))
    assert [trial.name for trial in read_trials(found)] == ["1", "0", "3", "2"]
    (found / "search.json").write_text(json.dumps({**settings, "objective": "elbo_nll"}))
    write_trial(found, "4", "COMPLETED", {"des_std": 1.0}, elbo_nll=44.0, mi=1.0)
    assert [trial.name for trial in read_trials(found)][:3] == ["4", "1", "0"]
    (found / "search.json").write_text(json.dumps({**settings, "objective": "mi"}))
    assert [trial.name for trial in read_trials(found)][:3] == ["1", "0", "4"]


def test_the_table_has_every_trial(found, capsys):
    show(found)
    rows = [
        [cell.strip() for cell in line.strip("| ").split("|")]
        for line in capsys.readouterr().out.splitlines()
        if line.startswith("|")
    ]
    assert rows[0][:6] == ["trial", "status", "des_std", "average", "epochs", "elbo_nll-0.5*mi"]
    best = dict(zip(rows[0], rows[2], strict=True))
    assert (best["trial"], best["des_std"], best["epochs"]) == ("1", "0.7123", "3")
    assert (best["elbo_nll-0.5*mi"], best["mi"], best["au"]) == ("42.00", "6.00", "4")
    assert [row[1] for row in rows[2:]] == ["COMPLETED", "COMPLETED", "RUNNING", "FAILED"]
    failed = dict(zip(rows[0], rows[5], strict=True))
    assert (failed["elbo_nll"], failed["seconds"]) == ("-", "-")


def test_the_reason_of_a_failure_and_the_best_run_are_told(found, capsys):
    show(found)
    lines = capsys.readouterr().out.splitlines()
    assert "trial 2 failed: ResourceExhausted: [out] of memory" in lines
    assert f"best: {found / 'trials' / '1'}" in lines
    assert f"picture: {found / 'search.png'}" in lines


def test_the_picture_has_a_panel_for_each_setting_that_differs(found):
    def width():
        show(found)
        content = (found / "search.png").read_bytes()
        assert content.startswith(b"\x89PNG")
        return struct.unpack(">I", content[16:20])[0]

    both = width()
    (found / "oracle" / "trial_2" / "trial.json").unlink()
    assert both > 1.8 * width()


def test_all_failed(tmp_path, capsys):
    (tmp_path / "search.json").write_text(
        json.dumps({"objective": "mi", "epochs": 1, "search_space": {"des_std": {}}})
    )
    write_trial(tmp_path, "0", "FAILED", {"des_std": 1.5})
    with pytest.raises(InputError, match="all trials failed, the first one so: ResourceExhausted"):
        show(tmp_path)
    assert "FAILED" in capsys.readouterr().out


def test_nothing_to_show(tmp_path):
    with pytest.raises(InputError, match=r"not the folder of a search: it has no search\.json"):
        show(tmp_path)
    (tmp_path / "search.json").write_text(json.dumps({"objective": "mi", "epochs": 1}))
    with pytest.raises(InputError, match="no trial yet"):
        show(tmp_path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("search.json", "{"),
        ("search.json", "{}"),
        ("oracle/trial_1/trial.json", "{"),
        ("oracle/trial_1/trial.json", "{}"),
        ("oracle/trial_1/trial.json", '{"trial_id": "1", "hyperparameters": null}'),
        (
            "oracle/trial_1/trial.json",
            '{"trial_id": "1", "hyperparameters": {"values": {}}, "status": "COMPLETED"}',
        ),
    ],
)
def test_a_broken_file_is_named(found, name, content):
    (found / name).write_text(content)
    with pytest.raises(InputError, match=f"{name} .*: restore it from a copy, or choose another"):
        read_trials(found)


def test_a_failure_without_its_file_is_shown(found, capsys):
    (found / "oracle" / "trial_2" / "failure.txt").unlink()
    assert read_trials(found)[-1].reason == "unknown"
    show(found)
    assert "trial 2 failed: unknown" in capsys.readouterr().out
