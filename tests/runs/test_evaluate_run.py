"""Evaluations beside each other, and of runs that cannot be written to."""

import os
from dataclasses import replace

import numpy as np
import pytest
from made_models import in_mixed_precision
from older_files import unpack_older_files

from scale_vae_keras.evaluation.density import Density
from scale_vae_keras.evaluation.report import notes
from scale_vae_keras.files import locked
from scale_vae_keras.model_file import load_model
from scale_vae_keras.runs import evaluate_run as module
from scale_vae_keras.runs.evaluate_run import evaluate_run
from scale_vae_keras.tables import read_csv

MEASURED = {"split": "test", "elbo_nll": 1.5}


@pytest.fixture
def journals(tmp_path, monkeypatch):
    """The journal of each evaluation in a folder with the run `run`, and what is measured."""
    monkeypatch.chdir(unpack_older_files(tmp_path))
    given = []

    def measure(*arguments, journal, **options):
        given.append(journal)
        return {"elbo_nll": 1.5}, Density(*np.ones([8, 2]))

    monkeypatch.setattr(module, "evaluate_sentences", measure)
    return given


def test_a_journal_is_named_for_what_it_holds(journals):
    evaluate_run("run", "test", 7, None, 0)
    evaluate_run("run", "valid", 7, "scaled", 3, limit=2)
    evaluate_run("run", "test", 7, None, 0, precision="bfloat16")
    names = [journal.name for journal in journals]
    assert names == [
        "evaluation-test-7-own-seed-0.npz",
        "evaluation-valid-7-scaled-seed-3-first-2.npz",
        "evaluation-test-7-own-seed-0-bfloat16.npz",
    ]
    assert not list(journals[0].parent.glob(".*"))


def test_the_same_evaluation_at_once_is_made_without_a_journal(journals):
    with locked("run/.evaluation-test-7-own-seed-0.lock"):
        assert evaluate_run("run", "test", 7, None, 0) == MEASURED
        evaluate_run("run", "test", 8, None, 0)
    assert [journal is None for journal in journals] == [True, False]


def test_a_run_that_cannot_be_written_to_is_measured_with_one_warning(
    journals, monkeypatch, caplog
):
    def refused(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(module, "locked", refused)
    assert evaluate_run("run", "test", 7, None, 0) == MEASURED
    assert journals == [None]
    (warning,) = caplog.messages
    assert "run cannot be written to (Permission denied)" in warning
    assert "without metrics.json" in warning
    assert "sentences.csv" not in os.listdir("run")


def test_a_disk_that_is_full_at_the_end_loses_no_figure(journals, monkeypatch, caplog):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_csv", full)
    assert evaluate_run("run", "test", 7, None, 0) == MEASURED
    (warning,) = caplog.messages
    assert "run cannot be written to (No space left on device)" in warning


def test_a_journal_of_an_earlier_model_is_dropped(journals, tmp_path, caplog):
    path = module.RunFolder("run").path / "evaluation-test-7-own-seed-0.npz"
    path.write_bytes(b"before")
    os.utime(path, (1, 1))
    evaluate_run("run", "test", 7, None, 0)
    assert not path.exists()
    assert "earlier model" in caplog.text


def test_the_metrics_are_means_of_the_figures_of_each_sentence(tmp_path, monkeypatch):
    monkeypatch.chdir(unpack_older_files(tmp_path))
    metrics = evaluate_run("run", "test", 7, None, 0, limit=3)
    table = read_csv("run/sentences.csv")
    assert list(table.columns) == [
        *("iw_nll", "elbo_nll", "objective_nll", "reconstruction", "kl", "ess", "tokens")
    ]
    assert len(table) == 3
    for name in table.columns.drop("tokens"):
        assert table[name].mean() == pytest.approx(metrics[name], rel=1e-12)
        assert table[name].std() / 3**0.5 == pytest.approx(metrics[f"{name}_se"], rel=1e-12)
    assert table["tokens"].sum() == metrics["tokens"]
    evaluate_run("run", "test", 0, None, 0)
    again = read_csv("run/sentences.csv")
    assert len(again) > 3
    assert again["iw_nll"].isna().all()


def test_what_is_cut_or_unknown_is_said(tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(unpack_older_files(tmp_path))
    evaluate_run("run", "test", 0, None, 0)
    assert caplog.messages == []
    encode = module.RunFolder.encode
    cut = lambda self, split: replace(encode(self, split), truncated=8)  # noqa: E731
    monkeypatch.setattr(module.RunFolder, "encode", cut)
    evaluate_run("run", "test", 0, None, 0)
    (warning,) = caplog.messages
    assert warning.startswith("run: more than 5% of the sentences are cut (")
    assert "in test): raise --max-length" in warning


@pytest.mark.parametrize("trained", ["float32", "mixed_bfloat16"])
def test_likelihoods_are_float32_unless_asked(trained, tmp_path, monkeypatch):
    monkeypatch.chdir(unpack_older_files(tmp_path))
    exact = evaluate_run("run", "test", 7, None, 0)
    model = load_model(module.RunFolder("run").model_path)
    in_mixed_precision(model, trained).save("run/model.keras")
    assert evaluate_run("run", "test", 7, None, 0) == exact
    assert exact["precision"] == "float32"
    rounded = evaluate_run("run", "test", 7, None, 0, precision="bfloat16")
    assert rounded["precision"] == "bfloat16"
    assert rounded["iw_nll"] != exact["iw_nll"]
    assert rounded["iw_nll"] == pytest.approx(exact["iw_nll"], rel=0.01)
    assert any("computed in bfloat16" in line for line in notes(rounded))
    assert not any("computed in" in line for line in notes(exact))
