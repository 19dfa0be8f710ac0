import numpy as np
import pytest
from made_corpora import LINES, labelled, write_corpus

from scale_vae_keras.cache import split_cache
from scale_vae_keras.data.corpus import open_corpus
from scale_vae_keras.errors import InputError
from scale_vae_keras.runs import run_sentences as module
from scale_vae_keras.runs import run_tokenizer
from scale_vae_keras.runs.config import configure
from scale_vae_keras.runs.run_sentences import run_sentences

CORPUS = {
    split: labelled(LINES[:count], ["x", "y"])
    for split, count in (("train", 20), ("valid", 6), ("test", 4))
}


def settings(corpus, **given):
    return configure(str(corpus), "vae", "small", **given)


@pytest.mark.parametrize("kind", ["words", "sentencepiece"])
def test_a_second_run_reads_no_text(corpus, tmp_path, monkeypatch, caplog, kind):
    config = settings(corpus, tokenizer=kind, vocabulary_limit=330)
    expected = run_sentences(config, open_corpus(corpus))
    warned = caplog.messages
    assert any("hardly learns" in line for line in warned)
    caplog.clear()
    found = [run_sentences(config, open_corpus(corpus), tmp_path)]
    for owner, name in (
        (module, "corpus_warnings"),
        (run_tokenizer, "build_tokenizer"),
        (split_cache, "encoded_blocks"),
    ):
        monkeypatch.setattr(owner, name, None)
    found.append(run_sentences(config, open_corpus(corpus), tmp_path))
    for each in found:
        assert each.config == expected.config
        assert each.fingerprint == expected.fingerprint
        assert each.tokenizer.fingerprint() == expected.tokenizer.fingerprint()
        assert each.tokenizer.settings() == expected.tokenizer.settings()
        for ours, theirs in ((each.train, expected.train), (each.valid, expected.valid)):
            np.testing.assert_array_equal(ours.tokens, theirs.tokens)
            assert ours.labels == theirs.labels
    assert caplog.messages == 2 * warned


def test_a_limit_of_sentences_takes_the_first_of_the_cached_ones(corpus, tmp_path, monkeypatch):
    whole = run_sentences(settings(corpus, tokenizer="words"), open_corpus(corpus), tmp_path)
    monkeypatch.setattr(split_cache, "encoded_blocks", None)
    some = run_sentences(
        settings(corpus, tokenizer="words", train_limit=7), open_corpus(corpus), tmp_path
    )
    assert some.train.sentences == 7
    np.testing.assert_array_equal(some.train.tokens, whole.train.first(7).tokens)


def test_a_limit_that_leaves_out_a_label_is_refused(tmp_path):
    lines = [*(f"x\t{line}" for line in LINES), *(f"y\t{line}" for line in LINES)]
    corpus = open_corpus(write_corpus(tmp_path / "sorted", lines=lines, test=["x\ta", "y\tb"]))
    config = {"condition": "label", "tokenizer": "words"}
    limit = len(LINES)
    with pytest.raises(InputError, match=f"the first {limit} training sentences have no label 'y'"):
        run_sentences(configure("c", "vae", "small", **config, train_limit=limit), corpus)
    more = run_sentences(configure("c", "vae", "small", **config, train_limit=limit + 1), corpus)
    assert more.labels == ("x", "y")


def test_other_settings_make_another_tokenizer(corpus, tmp_path):
    few = run_sentences(
        settings(corpus, tokenizer="words", vocabulary_limit=7), open_corpus(corpus), tmp_path
    )
    many = run_sentences(settings(corpus, tokenizer="words"), open_corpus(corpus), tmp_path)
    assert len(few.tokenizer.vocabulary) == 7 < len(many.tokenizer.vocabulary)
    assert few.train.unknown > many.train.unknown


def test_a_code_needs_two_validation_sentences_and_a_language_model_one(tmp_path):
    corpus = open_corpus(write_corpus(tmp_path / "one", valid=LINES[:1]))
    with pytest.raises(InputError, match="measured over validation sentences: give at least two"):
        run_sentences(configure("c", "vae", "small"), corpus)
    assert run_sentences(configure("c", "lm", "small"), corpus).valid.sentences == 1


@pytest.mark.parametrize(
    ("test", "said"),
    [
        (["x\ta b", "z\tb a"], "test sentences have the label 'z', which no training sentence has"),
        (["x\ta b", "\tb a"], "1 test sentences have no label: the model cannot be evaluated"),
        (["x\ta b", "y\tb a"], None),
    ],
)
def test_labels_of_test_sentences_are_looked_at_before_training(tmp_path, caplog, test, said):
    lines = labelled(LINES, ["x", "y"])
    corpus = open_corpus(write_corpus(tmp_path / "labels", lines, test=test))
    run_sentences(configure("c", "vae", "small", condition="label"), corpus)
    found = [line for line in caplog.messages if "test sentences have" in line]
    assert len(found) == (said is not None)
    assert said is None or said in found[0]
    caplog.clear()
    run_sentences(configure("c", "vae", "small"), corpus)
    assert not [line for line in caplog.messages if "test sentences have" in line]
