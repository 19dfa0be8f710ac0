import pytest

from scale_vae_keras.data import corpus_from, corpus_warnings, encode_split
from scale_vae_keras.data.corpus import open_corpus
from scale_vae_keras.data.corpus_warnings import label_warnings
from scale_vae_keras.text.tokenizer import Tokenizer
from scale_vae_keras.text.vocabulary import Vocabulary

TRAIN = [f"a {number}" for number in range(1000)]
VALID = [f"b {number}" for number in range(200)]


def warnings(train=TRAIN, valid=VALID, labels=None, known=True, max_length=None):
    labels = labels and {"train": labels, "valid": ["x"] * len(valid), "test": ["x"]}
    corpus = corpus_from(train, valid, ["c 1"], labels)
    words = ["a", "b", "c", *map(str, range(1000))] if known else ["a"]
    tokenizer = Tokenizer(Vocabulary(words), max_length=max_length)
    splits = {name: encode_split(corpus, name, tokenizer) for name in ("train", "valid")}
    return corpus_warnings(corpus, splits)


def test_nothing_to_say():
    assert warnings() == []
    assert warnings(labels=["x", "y"] * 500) == []
    assert warnings(valid=[*VALID[2:], "a 1", "a 2"]) == []


def test_built_in_corpora_are_excepted():
    assert corpus_warnings(open_corpus("synthetic"), {}) == []


def test_few_sentences():
    assert warnings(train=TRAIN[:999]) == [
        "train has 999 sentences: a model hardly learns from fewer than 1,000"
    ]


def test_train_equals_valid():
    assert warnings(valid=TRAIN) == [
        "train and valid are the same: what is measured on valid says nothing about new text"
    ]


def test_valid_in_train():
    assert warnings(valid=[*VALID[3:], "a 1", " a 1", "a 2"]) == [
        "3 of the 200 sentences of valid are in train (1.5%): make the splits again with "
        "scale-vae prepare, which keeps equal texts in one split"
    ]


def test_unknown_words():
    assert warnings(known=False) == [
        "more than 20% of the words are unknown (50% in train, 100% in valid): lower --min-count "
        "or raise --vocabulary-limit, or choose a tokenizer without unknown words"
    ]


def test_cut_sentences():
    long = [f"a {number} a" if number < 51 else f"a {number}" for number in range(1000)]
    assert warnings(train=long, max_length=2) == [
        "more than 5% of the sentences are cut (5% in train): raise --max-length, or divide the "
        "texts"
    ]
    assert warnings(train=[*TRAIN[:1], *long[2:], *TRAIN[1:2]], max_length=2) == []


def test_labels_that_are_none():
    assert warnings(labels=["x", "NaN"] * 500) == [
        'train has the label "NaN": is it a missing one? Leave it empty'
    ]
    assert label_warnings({"null": 5, "n/a": 5}, "test") == [
        'test has the label "null", "n/a": is it a missing one? Leave it empty'
    ]


def test_ids_for_labels():
    assert warnings(labels=range(1000)) == [
        "train has 1,000 labels for 1,000 sentences: is it an id rather than a label? "
        '("0", "1", "2", ...)'
    ]


def test_tabs_behind_a_first_line_without_one(tmp_path):
    (tmp_path / "train.txt").write_text("a\na\n" + "x\tb\n" * 998)
    for name in ("valid", "test"):
        (tmp_path / f"{name}.txt").write_text("c\n")
    corpus = open_corpus(tmp_path)
    splits = {"train": encode_split(corpus, "train", Tokenizer(Vocabulary(["a", "b", "x"])))}
    assert corpus_warnings(corpus, splits) == [
        "998 of the 1,000 lines of train hold a tab and the first one does not: tabs are read as "
        "text, and no line has a label"
    ]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"x": 5, "y": 2}, []),
        (
            {"x": 5, "y": 1},
            ['it has 1 label that is on one line only, of 2: check them ("y")'],
        ),
        (
            {"x": 50, "a": 1, "b": 1, "c": 1, "d": 1},
            ['it has 4 labels that are on one line only, of 5: check them ("a", "b", "c", ...)'],
        ),
        (
            {"x": 1, "y": 1},
            ['it has 2 labels that are on one line only, of 2: check them ("x", "y")'],
        ),
        (
            {"x": 1, "y": 1, "z": 1},
            ['it has 3 labels for 3 sentences: is it an id rather than a label? ("x", "y", "z")'],
        ),
    ],
)
def test_labels(counts, expected):
    assert label_warnings(counts, "it") == expected
