import numpy as np
import pandas as pd
import pytest

from scale_vae_keras.data import build_vocabulary, corpus_from, encode_split
from scale_vae_keras.data.corpus import open_corpus
from scale_vae_keras.errors import InputError
from scale_vae_keras.text.tokenizer import Tokenizer

LABELS = {"train": [1, 0], "valid": ["x"], "test": [True]}


def test_iterables_of_strings():
    corpus = corpus_from((text for text in ("a b", "c")), ("b",), ["d\te\nf", ""], name="mine")
    assert (corpus.name, corpus.has_labels, corpus.vocabulary_path) == ("mine", False, None)
    assert (
        list(corpus.lines("train")) == list(corpus.lines("train")) == [(None, "a b"), (None, "c")]
    )
    assert list(corpus.lines("test")) == [(None, "d e f"), (None, "")]
    vocabulary = build_vocabulary(corpus, "words")
    split = encode_split(corpus, "train", Tokenizer(vocabulary))
    assert split.tokens.tolist() == [1, 4, 5, 2, 1, 6, 2]
    assert split.labels is None


def test_labels():
    corpus = corpus_from(["a", "b"], ["c"], ["d"], LABELS)
    assert corpus.has_labels
    assert list(corpus.lines("train")) == [("1", "a"), ("0", "b")]
    assert list(corpus.lines("test")) == [("true", "d")]


@pytest.mark.parametrize("labels", [None, LABELS])
def test_the_fingerprint_is_that_of_a_folder_with_the_same_lines(tmp_path, labels):
    corpus = corpus_from(["a b", "ä"], ["c"], ["d"], labels)
    for split in ("train", "valid", "test"):
        lines = [t if n is None else f"{n}\t{t}" for n, t in corpus.lines(split)]
        (tmp_path / f"{split}.txt").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    assert corpus.fingerprint() == open_corpus(tmp_path).fingerprint()
    assert corpus.fingerprint() != corpus_from(["a b", "a"], ["c"], ["d"], labels).fingerprint()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ab", ["c"], ["d"]), "train is one string: give a list of strings, one a text"),
        ((["a"], ["c"], ["d"]), "train has too few texts (1): give at least 2"),
        ((["a", "b"], [" "], ["d"]), "valid has too few texts (0): give at least 1"),
        (
            (["a", float("nan")], ["c"], ["d"]),
            "train: text 1 is nan, of type float: give strings",
        ),
        (
            (["a", "b"], ["\ud83d"], ["d"]),
            "valid: text 0 holds half of a surrogate pair, which UTF-8 cannot write: decode it "
            "again",
        ),
        (
            (["a", "b"], ["c"], ["d"], {"train": [1, 2]}),
            "labels needs train, valid and test, as the texts: give a dict of three",
        ),
        (
            (["a", "b"], ["c"], ["d"], {**LABELS, "train": [1]}),
            "train has 2 texts and 1 labels: give each text its label",
        ),
        (
            (["a", "b"], ["c"], ["d"], {**LABELS, "train": [1, None]}),
            "train: text 1 has no label: give one to each, or to none; for training with "
            "semi_supervised, the empty string",
        ),
        (
            (["a", "b"], ["c"], ["d"], {**LABELS, "train": iter([float("nan"), 1])}),
            "train: text 0 has no label: give one to each, or to none; for training with "
            "semi_supervised, the empty string",
        ),
        (
            (["a", "b"], ["c"], ["d"], {**LABELS, "train": iter(["x", None])}),
            "train: text 1 has no label: give one to each, or to none; for training with "
            "semi_supervised, the empty string",
        ),
        (
            (["a", "b"], ["c"], ["d"], {**LABELS, "train": ["x", "\ud83d"]}),
            "train: the label of text 1 holds half of a surrogate pair, which UTF-8 cannot write: "
            "decode it again",
        ),
        (
            (["a", "b"], ["c"], ["d"], {**LABELS, "train": "01"}),
            "the labels of train are one string: give a list, a label for each",
        ),
        (
            (pd.DataFrame({"text": ["a"], "stars": [1]}), ["c"], ["d"]),
            "train is a DataFrame: give one of its columns, train['COLUMN']",
        ),
        (
            (["a", "b"], {"text": ["c"]}, ["d"]),
            "valid is a dict: give one of its columns, valid['COLUMN']",
        ),
        (
            (["a", "b"], ["c"], ["d"], {**LABELS, "train": pd.DataFrame({"x": [1], "y": [2]})}),
            "labels['train'] is a DataFrame: give one of its columns, labels['train']['COLUMN']",
        ),
        (
            (["a", "b"], ["c"], ["d"], {**LABELS, "train": [b"x", b"y"]}),
            "train: the label of text 0 is b'x', of type bytes: give a string or a number",
        ),
        (
            (["a", "b"], ["c"], ["d"], {**LABELS, "train": np.eye(2)}),
            "train: the label of text 0 is array([1., 0.]), of type ndarray: give a string or a "
            "number",
        ),
        (
            (["a", "b"], ["c"], ["d"], {**LABELS, "train": pd.Series([1, None], dtype="Int64")}),
            "train: the label of text 1 is <NA>, of type NAType: give a string or a number",
        ),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(InputError) as error:
        corpus_from(*arguments)
    assert str(error.value) == message


def test_unknown_split_is_refused():
    with pytest.raises(InputError, match='unknown split "dev": choose train, valid or test'):
        next(corpus_from(["a", "b"], ["c"], ["d"]).lines("dev"))


def test_labels_by_type_and_without_one():
    labels = {"train": [True, 2.0, ""], "valid": [" a\n"], "test": [0.5]}
    corpus = corpus_from(["a", "b", "c"], ["d\n"], ["\te"], labels)
    assert [line.label for line in corpus.lines("train")] == ["true", "2", ""]
    assert list(corpus.lines("valid")) == [("a", "d")]
    assert list(corpus.lines("test")) == [("0.5", "e")]
