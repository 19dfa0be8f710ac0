"""A run with few labels: resumed bit for bit, measured, written from, reported."""

import json
import re
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from made_corpora import LINES, labelled
from made_runs import start
from run_hashes import run_hashes

import scale_vae_keras as sv
from scale_vae_keras.commands import encode, generate, interpolate, reconstruct, score, shift
from scale_vae_keras.commands.main import parse
from scale_vae_keras.errors import InputError
from scale_vae_keras.report.page import write_report
from scale_vae_keras.runs import train as train_module
from scale_vae_keras.runs.config import configure
from scale_vae_keras.runs.evaluate_run import evaluate_run
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.runs.train import Run

CORPUS = {
    "train": [*labelled(LINES * 3, ("bad", "good")), *(f"\t{line}" for line in LINES)],
    "valid": labelled(LINES, ("bad", "good")),
    "test": labelled(LINES, ("bad", "good", "good")),
}
SETTINGS = {
    "epochs": 2,
    "condition": "label",
    "semi_supervised": True,
    "labelled": 20,
    "tokenizer": "words",
    "max_length": 8,
}


class PowerCutError(BaseException):
    """Ends training as a signal would."""


class PowerCut(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if batch == 3:
            raise PowerCutError


@pytest.fixture(scope="module")
def run(corpus):
    """The folder of a run with few labels."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train_module, "tensorboard_callbacks", lambda *arguments: [])
        training = start(corpus, corpus.parent / "run", **SETTINGS)
        training.fit(verbose=0)
    return training.folder.path


@pytest.fixture(scope="module")
def model(run):
    return sv.load(run)


def test_a_run_that_was_stopped_ends_like_a_whole_one(run, corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(train_module, "tensorboard_callbacks", lambda *arguments: [])
    parts = start(corpus, tmp_path / "parts", **SETTINGS)
    with pytest.raises(PowerCutError):
        parts.fit(verbose=0, profile=PowerCut(), save_steps=2)
    resumed = Run.resume(tmp_path / "parts")
    np.testing.assert_array_equal(resumed.train.label_numbers, parts.train.label_numbers)
    resumed.fit(verbose=0)
    assert run_hashes(tmp_path / "parts") == run_hashes(run)


def test_the_folder_knows_the_labels(run):
    folder = RunFolder(run)
    assert folder.labels == ("bad", "good")
    assert json.loads(folder.config_path.read_text())["labels"] == ["bad", "good"]
    numbers = folder.encode("train").label_numbers
    assert np.count_nonzero(numbers >= 0) == 20
    assert len(numbers) == 4 * len(LINES)
    assert np.all(folder.encode("test").label_numbers >= 0)


def test_accuracy_stands_beside_the_majority(run, model):
    metrics = evaluate_run(run, "test", samples=2, prior=None, seed=0)
    assert metrics["condition"] == "label"
    texts = [line.partition("\t")[2] for line in CORPUS["test"]]
    labels = [line.partition("\t")[0] for line in CORPUS["test"]]
    probability = model.label_probabilities(texts)
    np.testing.assert_allclose(probability.sum(axis=1), 1, atol=1e-5)
    found = [model.labels[i] for i in probability.argmax(axis=1)]
    right = np.mean([a == b for a, b in zip(found, labels, strict=True)])
    assert metrics["label_accuracy"] == pytest.approx(right)
    assert metrics["label_majority"] == pytest.approx(labels.count("good") / len(labels))


def test_strings(model):
    texts = LINES[:3]
    written = model.generate(4, seed=1, label="good")
    assert written[:2] == model.generate(2, seed=1, label=["good", "good"])
    assert (
        model.reconstruct(texts, label=["bad", "good", "bad"])[1]
        == model.reconstruct(texts, label="good")[1]
    )
    code = model.encode(texts).mean
    assert model.decode(code, label="bad") == model.reconstruct(texts, label="bad")
    assert (
        model.interpolate(*texts[:2], 3, label="good")[0]
        == model.reconstruct(texts[:1], label="good")[0]
    )
    assert len(model.perturb(texts[0], 2, label="bad")) == 2
    scores = [model.score(texts, 5, label=name).log_likelihood for name in model.labels]
    assert np.all(scores[0] != scores[1])
    mixed = model.score(texts, 5, label=["bad", "good", "bad"]).log_likelihood
    np.testing.assert_allclose(mixed, np.where([1, 0, 1], *scores), rtol=1e-6)
    with pytest.raises(InputError, match="unknown label 'fine': choose bad, good"):
        model.reconstruct(texts, label="fine")
    with pytest.raises(InputError, match="give label, one of bad, good"):
        model.score(texts)


def printed(capsys, command, *words):
    command.run(parse([command.__name__.rpartition(".")[2], *map(str, words)]))
    return capsys.readouterr().out.splitlines()


def test_commands(run, model, tmp_path, capsys):
    assert printed(capsys, generate, run, "-n", 2, "--label", "bad") == model.generate(
        2, label="bad"
    )
    output = tmp_path / "more.txt"
    printed(capsys, generate, run, "--per-label", 2, "--seed", 3, "--output", output)
    bad, good = model.generate(2, 3, label="bad"), model.generate(2, 4, label="good")
    assert output.read_text().splitlines() == [
        *(f"bad\t{text}" for text in bad),
        *(f"good\t{text}" for text in good),
    ]
    file = tmp_path / "lines.txt"
    file.write_text("\n".join(CORPUS["test"][:3]) + "\n")
    texts = [line.partition("\t")[2] for line in CORPUS["test"][:3]]
    own = model.reconstruct(texts, label=["bad", "good", "good"])
    assert printed(capsys, reconstruct, run, file) == own
    other = model.reconstruct(texts, label="bad")
    assert printed(capsys, reconstruct, run, file, "--label", "bad") == other
    own = model.score(texts, 5, label=["bad", "good", "good"]).log_likelihood
    rows = [line.split("\t") for line in printed(capsys, score, run, file, "--samples", 5)]
    place = rows[0].index("log_likelihood")
    assert [row[place] for row in rows[1:]] == [f"{value:.3f}" for value in own]
    vector = model.attribute_vector(texts[:1], texts[:1])
    moved = model.shift(texts, vector, label=["bad", "good", "good"])
    assert printed(capsys, shift, run, file, "--from", file, "--to", file) == moved
    between = model.interpolate(*texts[:2], 3, label="good")
    words = (*texts[:2], "--steps", 3, "--label", "good")
    assert printed(capsys, interpolate, run, *words) == between
    printed(capsys, encode, run, file, "--output", tmp_path / "codes.npz")
    np.testing.assert_array_equal(np.load(tmp_path / "codes.npz")["mean"], model.encode(texts).mean)
    with pytest.raises(InputError, match="give label, one of bad, good"):
        printed(capsys, generate, run)


def test_a_line_without_a_label_is_named(run, model, tmp_path, capsys):
    file = tmp_path / "lines.txt"
    file.write_text("bad\tthe cat ran\n\ngood\tthe cat sat\n")
    message = r"line 2 has no label: give each line as label<TAB>text, one of bad, good"
    for command in (reconstruct, score):
        with pytest.raises(InputError, match=message):
            printed(capsys, command, run, file)
    bare = tmp_path / "bare.txt"
    bare.write_text("the cat ran\n")
    with pytest.raises(InputError, match="give each line as label<TAB>text, one of bad, good"):
        printed(capsys, score, run, bare)
    printed(capsys, encode, run, file, "--output", tmp_path / "codes.npz")
    texts = ["the cat ran", "", "the cat sat"]
    assert printed(capsys, reconstruct, run, file, "--label", "bad") == model.reconstruct(
        texts, label="bad"
    )


def test_shift_writes_with_another_label(run, model, tmp_path, capsys):
    file = tmp_path / "lines.txt"
    file.write_text("\n".join(CORPUS["test"][:3]) + "\n")
    words = (run, file, "--from", file, "--to", file)
    texts = [line.partition("\t")[2] for line in CORPUS["test"][:3]]
    still = np.zeros(3, np.float32)
    moved = model.shift(texts, still, label="bad")
    assert printed(capsys, shift, *words, "--label", "bad") == moved
    with pytest.raises(InputError, match="unknown label 'fine': choose bad, good"):
        printed(capsys, shift, *words, "--label", "fine")


def test_shift_reads_texts_with_the_labels_of_their_lines(run, tmp_path, monkeypatch, capsys):
    files = [tmp_path / f"{name}.txt" for name in ("lines", "from", "to")]
    given = [("bad", "good"), ("good", "bad", "bad"), ("good",)]
    for file, labels in zip(files, given, strict=True):
        file.write_text("".join(f"{label}\tit\n" for label in labels))
    calls = []
    recorder = SimpleNamespace(
        labels=("bad", "good"),
        model=SimpleNamespace(encoder_reads_label=True),
        attribute_vector=lambda *arguments: calls.append(arguments) or "the vector",
        shift=lambda *arguments: calls.append(arguments) or [],
    )
    monkeypatch.setattr(shift, "load", lambda path, precision: recorder)
    lines, without, having = files
    words = (run, lines, "--from", without, "--to", having)
    printed(capsys, shift, *words)
    printed(capsys, shift, *words, "--label", "bad")
    vector, own, _, other = calls
    assert vector == (["it"] * 3, ["it"], ["good", "bad", "bad"], ["good"])
    assert own[1] == other[1] == "the vector"
    assert own[-2:] == (["bad", "good"], ["bad", "good"])
    assert other[-2:] == ("bad", ["bad", "good"])
    without.write_text("it\n")
    with pytest.raises(InputError, match="give each line as label<TAB>text, one of bad, good"):
        printed(capsys, shift, *words)


def test_the_report_names_the_labels(run, tmp_path):
    page = write_report(run, tmp_path / "report.html").read_text()
    assert len(re.findall(r"(bad|good): ", page)) >= 8


def test_sentences_without_a_label_need_a_classifier(corpus, tmp_path):
    config = configure(str(corpus), "vae", "small", condition="label", tokenizer="words")
    with pytest.raises(InputError, match="20 sentences of the train split have no label"):
        Run.start(config, tmp_path / "run")
    with pytest.raises(InputError, match="labelled hides labels: set semi_supervised"):
        configure(str(corpus), "vae", "small", condition="label", labelled=5)
