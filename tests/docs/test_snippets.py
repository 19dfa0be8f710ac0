"""The Python of README and pages runs, on a few sentences for one epoch."""

import functools
import re
from pathlib import Path

import keras
import keras_tuner
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import scale_vae_keras as sv
from scale_vae_keras.models import SYSTEMS

ROOT = Path(__file__).parents[2]
IDS = [[1, 4, 5, 2], [1, 5, 4, 2]]


def snippets(path: str) -> list[str]:
    """The blocks of Python of a page."""
    text = (ROOT / path).read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert blocks
    return blocks


@pytest.fixture
def _short(monkeypatch):
    """128 sentences of each split, one epoch."""
    encode, fit = sv.data.encode_split, keras.Model.fit
    monkeypatch.setattr(sv.data, "encode_split", lambda *given: encode(*given).first(128))

    @functools.wraps(fit)
    def fit_one(self, *given, **named):
        return fit(self, *given, **{**named, "epochs": 1})

    monkeypatch.setattr(keras.Model, "fit", fit_one)


@pytest.mark.usefixtures("_short")
@pytest.mark.parametrize("path", ["README.md", "docs/keras.md"])
def test_a_page_runs(path, capsys):
    names = {}
    for block in snippets(path):
        exec(block, names)
    assert names["model"].built
    assert capsys.readouterr().out.count("b'") == 5


def test_own_text_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "valid.txt").write_text("Never again.\nGood, 5 stars!\n")
    texts = [f"The Food, was great! Visit {number}." for number in range(40)]
    names = {
        "frame": pd.DataFrame({"review": texts, "stars": [4.0, 5.0] * 20}),
        "valid_stars": [1, 5],
        "dataset": {"test": {"text": texts[:2], "label": [4, 5]}},
    }
    first, second = snippets("docs/text.md")
    exec(first, names)
    assert names["train"].unknown == 0
    assert names["train"].labels.counts() == {"4": 20, "5": 20}
    exec(second.replace("8000", "320"), names)
    ids = names["tokenizer"](texts).to_tensor()
    assert [text.decode() for text in names["tokenizer"].detokenize(ids).numpy()] == texts


@pytest.mark.usefixtures("_short")
def test_a_search_runs(monkeypatch, tmp_path):
    def one_trial(*given, max_epochs, **named):
        assert max_epochs == 9
        return keras_tuner.RandomSearch(*given, max_trials=1, **named)

    monkeypatch.setattr(keras_tuner, "Hyperband", one_trial)
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in snippets("docs/tuning.md"):
        exec(block, names)
    assert names["model"].latent_dim == 32
    assert np.isfinite(names["tuner"].oracle.get_best_trials()[0].score)


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_call_of_a_system(name, monkeypatch):
    calls = []
    monkeypatch.setattr(keras.Model, "fit", lambda self, *_, **named: calls.append((self, named)))
    batches = tf.data.Dataset.from_tensors(tf.constant(IDS))
    data = dict.fromkeys(("batches", "validation_batches", "encoder_batches"), batches)
    corpus = sv.data.corpus_from(["a b"] * 4, ["a"], ["b"])
    data["train"] = sv.data.encode_split(corpus, "train", sv.Tokenizer(sv.Vocabulary("ab")))
    for block in snippets(f"docs/systems/{name}.md"):
        exec(block, {"sv": sv, "keras": keras, "vocabulary_size": 6, **data})
    ((model, named),) = calls
    assert type(model) is SYSTEMS[name].model
    for callback in named.get("callbacks", ()):
        callback.set_model(model)
        callback.set_params({"epochs": 20, "steps": 1})
        callback.on_train_begin()  # refuses a model that it does not belong to
