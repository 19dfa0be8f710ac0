import pytest

from scale_vae_keras.built_in.reviews import reviews_split
from scale_vae_keras.built_in.synthetic import synthetic_split
from scale_vae_keras.data.corpus import BuiltInCorpus, open_corpus, open_same_corpus
from scale_vae_keras.errors import InputError
from scale_vae_keras.text.labelled_text import LabelledText


def test_a_path_opens_a_folder(tmp_path):
    for name in ("train", "valid", "test"):
        (tmp_path / f"{name}.txt").write_text("x\ty z\nx\tw\n")
    corpus = open_corpus(tmp_path)
    assert corpus.has_labels
    assert list(corpus.lines("test")) == [("x", "y z"), ("x", "w")]


@pytest.mark.parametrize(
    ("name", "generate"), [("reviews", reviews_split), ("synthetic", synthetic_split)]
)
def test_built_in_names_win_over_folders(tmp_path, monkeypatch, name, generate):
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    corpus = open_corpus(name)
    assert corpus.name == name
    assert corpus.vocabulary_path is None
    assert list(corpus.lines("valid")) == generate("valid")


@pytest.mark.parametrize("label", ["a", None])
def test_built_in_corpus(label):
    def generate(split, word="w"):
        return [LabelledText(label, f"{word} {split}")]

    corpus = BuiltInCorpus("toy", generate)
    assert corpus.has_labels == (label is not None)
    assert list(corpus.lines("test")) == [(label, "w test")]
    assert corpus.fingerprint() == BuiltInCorpus("other", generate).fingerprint()
    changed = BuiltInCorpus("toy", lambda split: generate(split, "v"))
    assert corpus.fingerprint() != changed.fingerprint()
    with pytest.raises(InputError, match='unknown split "dev": choose train, valid or test'):
        next(corpus.lines("dev"))


def test_a_corpus_may_move_and_not_change(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    for name in ("train", "valid", "test"):
        (old / f"{name}.txt").write_text("a\nb\n")
    fingerprint = open_corpus(old).fingerprint()
    old.rename(new)
    assert open_same_corpus(new, fingerprint).name == "new"
    (new / "test.txt").write_text("a\nc\n")
    with pytest.raises(InputError) as error:
        open_same_corpus(new, fingerprint)
    found = open_corpus(new).fingerprint()
    assert str(error.value) == (
        f"the corpus {new} is not the one of the run: the SHA-256 of its contents is "
        f"{found[:12]}..., that of the run {fingerprint[:12]}...; name the folder with the run's "
        "corpus, or start a new run"
    )


@pytest.mark.corpora
@pytest.mark.parametrize(
    ("name", "labels", "vocabulary", "sentences"),
    [
        ("short_yelp", True, True, 10_000),
        ("ptb", False, False, 3_370),
        ("yahoo", False, True, 1_000),
        ("imdb100", True, False, 10_000),
    ],
)
def test_real_corpora_open(corpora, name, labels, vocabulary, sentences):
    corpus = open_corpus(corpora / name)
    assert corpus.has_labels == labels
    assert (corpus.vocabulary_path is not None) == vocabulary
    assert sum(1 for _ in corpus.lines("valid")) == sentences


def test_a_built_in_corpus_has_no_encoding():
    with pytest.raises(InputError, match="the built-in corpus reviews has no files: leave the"):
        open_corpus("reviews", "latin-1")
