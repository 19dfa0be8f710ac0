"""Sentences moved from one label to another, and how they are judged."""

import numpy as np
import pandas as pd
import pytest
from made_corpora import labelled
from made_runs import SIZES, train

import scale_vae_keras as sv
from scale_vae_keras.benchmarks.control.benchmark import Moved, control_table, measure_control
from scale_vae_keras.benchmarks.control.picture import draw_control
from scale_vae_keras.commands.main import main
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.generation import reconstruction_bleu
from scale_vae_keras.evaluation.text_classifier import TextClassifier
from scale_vae_keras.metrics import CONTROL
from scale_vae_keras.runs.build_model import build_model
from scale_vae_keras.runs.config import configure
from scale_vae_keras.runs.train import Run

GOOD = [f"the {what} is {how} ." for what in ("cat", "dog", "bird") for how in ("good", "fine")]
BAD = [f"now the {what} is {how} ." for what in ("cat", "dog", "bird") for how in ("bad", "ill")]
BOTH = [line for pair in zip(GOOD, BAD, strict=True) for line in pair]
CORPUS = {
    "lines": labelled([*BOTH, "the cat is odd .", "the odd old dog is bad ."], ["plus", "minus"])
}

pytest.importorskip("sklearn", reason="needs the extra control")
pytest.importorskip("sacrebleu", reason="needs the extra bleu")


@pytest.fixture(scope="module")
def runs(corpus):
    settings = {"epochs": 1, "tokenizer": "words", "min_count": 1, "max_length": 8}
    return [train(corpus, corpus.parent / method, method, **settings) for method in ("vae", "lm")]


@pytest.fixture(scope="module")
def moved(runs):
    run, judge = runs
    return measure_control(run.path, judge.path, "minus", "plus", 5, (0.0, 4.0))


def test_amount_0_reconstructs(runs, moved):
    texts = BAD[:5]
    again = sv.load(runs[0].path).reconstruct(texts)
    row = moved.rows.iloc[0]
    tokens = [[text.split() for text in each] for each in (again, texts)]
    assert row["bleu"] == pytest.approx(reconstruction_bleu(*tokens))
    assert row["words"] == pytest.approx(np.mean([len(text.split()) for text in again]))
    assert row["success"] == row["success_length"] == row["success_rest"]
    assert np.isnan(row["length_share"])
    assert row["ppl"] > 1


def test_the_accuracy_of_a_classifier_is_of_one_label_for_each_sentence():
    classifier = TextClassifier([["good"], ["bad"]], ["plus", "minus"])
    assert classifier.accuracy([["good"], ["bad"]], ["plus", "plus"]) == 0.5
    for sentences, labels in ([["good"]], ["plus", "minus"]), ([], []):
        with pytest.raises(InputError, match="labels: give one each, and at least one"):
            classifier.accuracy(sentences, labels)


def test_the_classifier_and_the_lengths_are_those_of_the_corpus(moved):
    assert moved.accuracy == 100
    assert moved.lengths == pytest.approx((6 + 1 / 7, 5))
    assert set(moved.rows) == {"amount", *CONTROL}


def test_the_shares_are_of_what_the_parts_write(runs, monkeypatch):
    """A decoder that reads the first dimension alone: at least 1 is a sentence of plus."""
    run, judge = runs
    module = "scale_vae_keras.benchmarks.control.benchmark"
    vectors = [np.float32([1, 0, 0]), np.float32([0.6, 0, 0])]
    monkeypatch.setattr(f"{module}.attribute_direction", lambda *_: vectors[0])
    monkeypatch.setattr(f"{module}.length_parts", lambda *_: (vectors[1], vectors[0] - vectors[1]))
    model = run.load_text_vae()
    tokens = run.tokenizer([GOOD[0], BAD[0]]).to_tensor().numpy()[:, 1:]

    def decode(self, codes, max_length, label):
        plus = np.asarray(codes)[:, 0] >= 1
        return type("Written", (), {"ids": np.where(plus[:, None], tokens[:1], tokens[1:])})

    monkeypatch.setattr(type(model), "decode", decode)
    monkeypatch.setattr(f"{module}.encode_sentences", zero_codes)
    rows = measure_control(run.path, judge.path, "minus", "plus", 5, (0.5, 1.0, 2.0)).rows
    assert rows["success"].tolist() == [0, 100, 100]
    assert rows["success_length"].tolist() == [0, 0, 100]
    assert rows["success_rest"].tolist() == [0, 0, 0]
    assert rows["length_share"].tolist()[1:] == [0, 100]
    assert np.isnan(rows["length_share"][0])


def zero_codes(model, split):
    return type("Encoded", (), {"mean": np.zeros((split.sentences, 3), np.float32)})


def test_a_run_with_a_condition_writes_with_the_label_of_the_moved(runs, corpus):
    """The model is not trained; its decoder is sharp enough to tell labels apart."""
    settings = {**SIZES, "tokenizer": "words", "min_count": 1, "max_length": 8}
    settings |= {"condition": "label", "decoder_initializer_range": 2.0}
    path = corpus.parent / "conditional"
    folder = Run.start(configure(str(corpus), "vae", "small", **settings), path).folder
    model = build_model(folder.config, len(folder.tokenizer.vocabulary), folder.labels)
    model.save(folder.model_path)
    text_model = sv.load(path)
    texts = BAD[:5]
    own, other = (text_model.reconstruct(texts, label=name) for name in ("minus", "plus"))
    assert own != other
    row = measure_control(path, runs[1].path, "minus", "plus", 5, (0.0,)).rows.iloc[0]
    tokens = [[text.split() for text in each] for each in (own, texts)]
    assert row["bleu"] == pytest.approx(reconstruction_bleu(*tokens))
    assert row["words"] == pytest.approx(np.mean([len(text.split()) for text in own]))


def test_refusals(runs):
    run, judge = runs
    for labels, message in ((("minus", "none"), "choose among minus, plus"), (("a", "a"), "two")):
        with pytest.raises(InputError, match=message):
            measure_control(run.path, judge.path, *labels, 5)
    with pytest.raises(InputError, match="two different labels"):
        TextClassifier([["a"], ["b"]], ["x", "x"])
    with pytest.raises(InputError, match="2 sentences have 1 labels"):
        TextClassifier([["a"], ["b"]], ["x"])


def test_the_classifier_reads_words_and_their_order():
    sentences = [text.split() for text in ("not good", "good not", "not good", "good not")]
    classifier = TextClassifier(sentences, ["x", "y", "x", "y"])
    assert classifier.predict([["good", "not"], ["not", "good"]]).tolist() == ["y", "x"]
    assert classifier.accuracy(sentences, ["x", "y", "y", "y"]) == 0.75


def test_table_and_picture(tmp_path):
    rows = pd.DataFrame([{"amount": 0.5, **dict.fromkeys(CONTROL, 12.5), "length_share": np.nan}])
    table = control_table({"run": Moved(rows, 97.5, (8.0, 9.5))})
    assert table.rows == [["run", "0.5", "12.5", "12.5", "12.5", "-", "12.5", "12.50", "12.5"]]
    assert "right on 97.5 %" in table.title
    pytest.importorskip("matplotlib", reason="needs the extra plots")
    picture = draw_control({"run": rows}, "plus", tmp_path / "p.png")
    assert picture.stat().st_size > 10_000


def test_a_picture_is_refused_before_anything_is_measured(tmp_path, capsys):
    words = [
        "benchmark",
        "control",
        "run",
        "--language-model",
        "lm",
        "--from",
        "a",
        "--to",
        "b",
        "--picture",
    ]
    assert main([*words, str(tmp_path / "missing" / "a.png")]) == 2
    assert "there is no folder" in capsys.readouterr().err


def test_amounts_are_refused_before_anything_is_read():
    with pytest.raises(InputError, match="amount must be finite, got nan"):
        measure_control("run", "lm", "a", "b", 5, (0.5, float("nan")))
