"""The corpus of a run: strings in memory, in an encoding, or in another place than before."""

import shutil

import pytest
from made_corpora import write_corpus
from made_runs import tiny_config

import scale_vae_keras as sv
from scale_vae_keras.data.folder import FolderCorpus
from scale_vae_keras.errors import InputError
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.runs.train import Run

LINES = [f"un café {a} et {b}" for a in ("noir", "crème", "léger") for b in ("du thé", "du pain")]
WORDS = {"tokenizer": "words", "min_count": 1}


def settings(data, **more):
    return tiny_config(data, **WORDS, **more)


def test_a_run_on_strings_in_memory(tmp_path):
    corpus = sv.data.corpus_from(LINES, LINES[:3], LINES[3:])
    run = Run.start(settings(corpus.name), tmp_path / "run", corpus)
    assert (run.train.sentences, run.valid.sentences) == (6, 3)
    again = Run.resume(tmp_path / "run", data=corpus)
    assert again.train.tokens.tolist() == run.train.tokens.tolist()
    assert RunFolder(tmp_path / "run", corpus).encode("test").sentences == 3
    other = sv.data.corpus_from(LINES, LINES[:2], LINES[3:])
    with pytest.raises(InputError, match="the corpus texts is not the one of the run"):
        Run.resume(tmp_path / "run", data=other)


def test_the_encoding_of_a_runs_corpus(tmp_path):
    folder = write_corpus(tmp_path / "corpus", LINES)
    for path in folder.glob("*.txt"):
        path.write_bytes(path.read_text(encoding="utf-8").encode("latin-1"))
    with pytest.raises(InputError, match="the byte e9"):
        Run.start(settings(folder), tmp_path / "run")
    run = Run.start(settings(folder, encoding="latin-1"), tmp_path / "run")
    assert "café" in run.folder.tokenizer.vocabulary.tokens
    assert Run.resume(tmp_path / "run").train.unknown == 0


def test_a_corpus_that_moved_is_hashed_once(tmp_path, monkeypatch):
    folder = write_corpus(tmp_path / "corpus", LINES)
    Run.start(settings(folder), tmp_path / "run")
    moved = shutil.move(folder, tmp_path / "moved")
    hashed = []
    fingerprint = FolderCorpus.fingerprint
    monkeypatch.setattr(
        FolderCorpus, "fingerprint", lambda self: hashed.append(self.name) or fingerprint(self)
    )
    Run.resume(tmp_path / "run", data=moved)
    assert hashed == ["moved"]


def test_a_corpus_that_has_changed_is_not_measured(tmp_path):
    folder = write_corpus(tmp_path / "corpus", LINES)
    Run.start(settings(folder), tmp_path / "run")
    with open(folder / "test.txt", "a") as file:
        file.write("one more\n")
    with pytest.raises(InputError, match="is not the one of the run"):
        RunFolder(tmp_path / "run").encode("test")
