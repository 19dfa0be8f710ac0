"""Evaluations beside each other, and of runs that cannot be written to."""

import pytest
from older_files import unpack_older_files

from scale_vae_keras.files import locked
from scale_vae_keras.runs import evaluate_run as module
from scale_vae_keras.runs.evaluate_run import evaluate_run


@pytest.fixture
def journals(tmp_path, monkeypatch):
    """The journal of each evaluation in a folder with the run `run`, and what is measured."""
    monkeypatch.chdir(unpack_older_files(tmp_path))
    given = []

    def measure(*arguments, journal, **options):
        given.append(journal)
        return {"elbo_nll": 1.5}

    monkeypatch.setattr(module, "evaluate_model", measure)
    return given


def test_a_journal_is_named_for_what_it_holds(journals):
    evaluate_run("run", "test", 7, None, 0)
    evaluate_run("run", "valid", 7, "scaled", 3, limit=2)
    names = [journal.name for journal in journals]
    assert names == [
        "evaluation-test-7-own-seed-0.npz",
        "evaluation-valid-7-scaled-seed-3-first-2.npz",
    ]
    assert not list(journals[0].parent.glob(".*"))


def test_the_same_evaluation_at_once_is_made_without_a_journal(journals):
    with locked("run/.evaluation-test-7-own-seed-0.lock"):
        assert evaluate_run("run", "test", 7, None, 0) == {"elbo_nll": 1.5}
        evaluate_run("run", "test", 8, None, 0)
    assert [journal is None for journal in journals] == [True, False]


def test_a_run_that_cannot_be_written_to_is_measured_with_one_warning(
    journals, monkeypatch, caplog
):
    def refused(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(module, "locked", refused)
    assert evaluate_run("run", "test", 7, None, 0) == {"elbo_nll": 1.5}
    assert journals == [None]
    (warning,) = caplog.messages
    assert "run cannot be written to (Permission denied)" in warning
    assert "without metrics.json" in warning


def test_a_journal_of_an_earlier_model_is_dropped(journals, tmp_path, caplog):
    import os

    path = module.RunFolder("run").path / "evaluation-test-7-own-seed-0.npz"
    path.write_bytes(b"before")
    os.utime(path, (1, 1))
    evaluate_run("run", "test", 7, None, 0)
    assert not path.exists()
    assert "earlier model" in caplog.text
