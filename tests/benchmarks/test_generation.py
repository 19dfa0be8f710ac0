"""Generated sentences and the training text are compared in tokens of one tokenizer."""

from types import SimpleNamespace

import pytest
import tensorflow as tf
from made_corpora import write_corpus
from made_runs import save_untrained, start

from scale_vae_keras.benchmarks.generation import load_judge, measure_generation, training_tokens
from scale_vae_keras.errors import InputError
from scale_vae_keras.models.text_generator import TextGenerator

SENTENCES = [
    "The CAT sat, and it slept?",
    "The dog ran; it won!",
    "A Straße is long (very long).",
    "The cat ran, and it won.",
    "A dog sat.",
]
CORPUS = {"lines": SENTENCES}


@pytest.fixture(scope="module")
def runs(corpus):
    """A VAE and a language model, untrained, of raw text with words that are unknown to both."""
    pytest.importorskip("sacrebleu", reason="needs the extra bleu")
    settings = {"tokenizer": "raw", "min_count": 2, "max_length": 6}
    return [
        save_untrained(start(corpus, corpus.parent / method, method, **settings))
        for method in ("vae", "lm")
    ]


def test_the_training_text_is_whole_and_in_tokens_of_the_run(runs):
    tokens = training_tokens(runs[0])
    assert tokens[0] == ["the", "cat", "sat", ",", "and", "it", "<unk>", "<unk>"]
    assert tokens[4] == ["a", "dog", "sat", "."]


def test_the_training_text_has_all_its_grams_in_the_training_text(runs, monkeypatch):
    vae, judge = runs
    train_split = vae.encode("train")
    assert train_split.unknown
    assert train_split.truncated
    ids = tf.RaggedTensor.from_row_splits(train_split.tokens, train_split.offsets).to_tensor()
    monkeypatch.setattr(TextGenerator, "generate", lambda *_, **__: SimpleNamespace(ids=ids[:, 1:]))
    scores = measure_generation(vae.path, judge.path, len(SENTENCES), seed=0)
    assert [scores[f"gram_{k}"] for k in (2, 3, 4)] == [100.0, 100.0, 100.0]
    assert scores["ppl"] > 1


def test_a_judge_that_is_given_labels_is_refused(runs, corpus):
    labels = {"condition": "label", "tokenizer": "raw", "min_count": 2, "max_length": 6}
    labelled = write_corpus(
        corpus.parent / "labelled", lines=[f"{i % 2}\t{line}" for i, line in enumerate(SENTENCES)]
    )
    judge = save_untrained(start(labelled, corpus.parent / "judge", "lm", **labels))
    with pytest.raises(InputError, match="judge is a model of text given a label: train the judge"):
        load_judge(judge.path, runs[0])
