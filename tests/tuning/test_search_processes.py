"""Searches as a user starts them: killed, shared by several processes, and what follows."""

import json
import os
import signal
import socket
import time

import pytest

from scale_vae_keras.tuning.results import read_trials

pytestmark = pytest.mark.cli

MOST_SECONDS = 240


def settings(tiny_space, **searched):
    space = {**tiny_space, "learning_rate": 0.5, "dropout": 0.1, "des_std": None, **searched}
    return ["--fix", *(f"{name}={value}" for name, value in space.items() if value is not None)]


def wait_until(condition, commands, child):
    end = time.monotonic() + MOST_SECONDS
    while not condition():
        errors = commands.errors(child)
        assert "\nerror: " not in "\n" + errors, errors
        assert time.monotonic() < end, errors
        time.sleep(0.02)


@pytest.fixture(scope="module")
def killed(commands, corpus, tiny_space, tmp_path_factory):
    """A grid of three whose second fails, killed during the third, and what then was there."""
    output = tmp_path_factory.mktemp("killed") / "search"
    command = (
        *("tune", corpus, "--output", output, "--tuner", "grid", "--trials", 3),
        *("--epochs", 1, *settings(tiny_space, des_std="0.5,-1.0,0.9")),
    )
    child = commands.start(*command)
    wait_until((output / "trials" / "2" / "config.json").exists, commands, child)
    os.kill(child, signal.SIGKILL)
    assert commands.wait(child).status == -signal.SIGKILL
    trials = read_trials(output)
    assert [(trial.name, trial.status) for trial in trials] == [
        ("0", "COMPLETED"),
        ("2", "RUNNING"),
        ("1", "FAILED"),
    ]
    before = {
        path: path.stat().st_mtime_ns
        for folder in ("trials/0", "oracle/trial_0", "oracle/trial_1")
        for path in (output / folder).rglob("*")
    }
    return output, commands.run(*command), before


def test_a_killed_search_goes_on(killed):
    output, finished, _ = killed
    assert finished.status == 0, finished.errors
    assert {trial.name: trial.status for trial in read_trials(output)} == {
        "0": "COMPLETED",
        "1": "FAILED",
        "2": "COMPLETED",
    }


def test_what_was_finished_is_not_run_again(killed):
    output, finished, before = killed
    assert "trial 2: elbo_nll" in finished.output
    assert "trial 0: elbo_nll" not in finished.output
    assert before == {path: path.stat().st_mtime_ns for path in before}
    assert (output / "trials" / "0" / "model.keras") in before


def test_a_trial_that_failed_is_shown_with_its_reason(killed):
    _, finished, _ = killed
    (row,) = [line for line in finished.output.splitlines() if "FAILED" in line]
    assert "-1" in row
    reason = "trial 1 failed: des_std must be positive and finite, got -1.0"
    assert reason in finished.output.splitlines()


def test_the_best_trial_is_a_run(killed, commands, tmp_path):
    output, finished, _ = killed
    best = output / "trials" / read_trials(output)[0].name
    assert f"best: {best}" in finished.output
    evaluated = commands.run("evaluate", best, "--samples", 2, "--limit", 4)
    assert evaluated.status == 0, evaluated.errors
    assert json.loads((best / "metrics.json").read_text())["sentences"] == 4
    generated = commands.run("generate", best, "-n", 3)
    assert (generated.status, len(generated.output.splitlines())) == (0, 3), generated.errors
    exported = commands.run("export", best, tmp_path / "model")
    assert exported.status == 0, exported.errors
    assert (tmp_path / "model" / "1" / "saved_model.pb").is_file()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_two_workers_share_a_search(commands, corpus, tiny_space, tmp_path):
    output, port = tmp_path / "search", free_port()
    command = (
        *("tune", corpus, "--output", output, "--tuner", "hyperband", "--trials", 2),
        *("--epochs", 1, *settings(tiny_space)),
    )
    address = {"KERASTUNER_ORACLE_IP": "127.0.0.1", "KERASTUNER_ORACLE_PORT": str(port)}
    chief = commands.start(*command, KERASTUNER_TUNER_ID="chief", **address)
    wait_until(lambda: answers(port), commands, chief)
    workers = [
        commands.start(*command, KERASTUNER_TUNER_ID=name, **address) for name in ("one", "two")
    ]
    for worker in workers:
        finished = commands.wait(worker)
        assert finished.status == 0, finished.errors
        assert finished.output.count("elbo_nll") == 1, finished.output
    finished = commands.wait(chief)
    assert finished.status == 0, finished.errors
    trials = read_trials(output)
    assert [trial.status for trial in trials] == ["COMPLETED"] * 2
    assert f"best: {output / 'trials' / trials[0].name}" in finished.output
    for trial in trials:
        assert (output / "trials" / trial.name / "model.keras").is_file()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("reviews",), "Give --output DIR"),
        (("reviews", "--output", "DIR", "--fix", "units"), "units"),
        (("reviews", "--output", "DIR", "--fix", "units=8", "units=9"), "gives units twice"),
        (("reviews", "--output", "DIR", "--objective", "loss"), "unknown objective 'loss'"),
        (("reviews", "--output", "DIR", "--trials", "0"), "trials must be at least 1, got 0"),
        (("DIR", "--show"), "is not the folder of a search"),
    ],
)
def test_mistakes_are_told_in_a_line(commands, options, message, tmp_path):
    finished = commands.run(
        "tune", *(str(tmp_path / "none") if word == "DIR" else word for word in options)
    )
    assert finished.status == 2
    (line,) = finished.errors.splitlines()
    assert line.startswith("error: ")
    assert message in line


def test_half_an_address_is_refused(commands, tmp_path):
    child = commands.start(
        *("tune", "reviews", "--output", tmp_path / "none"), KERASTUNER_ORACLE_IP="127.0.0.1"
    )
    finished = commands.wait(child)
    assert finished.status == 2
    assert "set KERASTUNER_TUNER_ID too" in finished.errors.splitlines()[-1]
