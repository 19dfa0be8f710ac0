from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from scale_vae_keras.data import encoded_blocks
from scale_vae_keras.data.corpus import BuiltInCorpus, open_corpus
from scale_vae_keras.data.encoded import build_vocabulary, encode_split
from scale_vae_keras.errors import InputError
from scale_vae_keras.text.labelled_text import LabelledText
from scale_vae_keras.text.piece_vocabulary import PieceVocabulary
from scale_vae_keras.text.sentencepiece_tokenizer import SentencePieceTokenizer
from scale_vae_keras.text.sentencepiece_training import train_sentencepiece
from scale_vae_keras.text.tokenizer import Tokenizer
from scale_vae_keras.text.vocabulary import Vocabulary

LINES = [
    LabelledText("x", "a b a"),
    LabelledText("y", " "),
    LabelledText("y", "c"),
    LabelledText("x", "a b c d a"),
    LabelledText("x", ""),
    LabelledText("z", "unheard a"),
]


def corpus(lines=LINES):
    return BuiltInCorpus("toy", lambda split: lines)


@pytest.fixture
def tokenizer():
    return Tokenizer(Vocabulary(["a", "b", "c"]), max_length=3)


def test_encoded_sentences_and_counts(tokenizer):
    split = encode_split(corpus(), "train", tokenizer)
    assert split.tokens.dtype == np.int32
    assert split.tokens.tolist() == [1, 4, 5, 4, 2, 1, 6, 2, 1, 4, 5, 6, 2, 1, 3, 4, 2]
    assert split.offsets.dtype == np.int64
    assert split.offsets.tolist() == [0, 5, 8, 13, 17]
    assert split.labels == ["x", "y", "x", "z"]
    assert split.lengths.tolist() == [5, 3, 5, 4]
    assert (split.sentences, split.words, split.max_length) == (4, 9, 3)
    assert (split.empty, split.truncated, split.unknown) == (2, 1, 1)


@pytest.mark.parametrize("lines_in_block", [1, 2, 5])
def test_blocks_do_not_matter(tokenizer, monkeypatch, lines_in_block):
    whole = encode_split(corpus(), "train", tokenizer)
    monkeypatch.setattr(encoded_blocks, "_BLOCK_LINES", lines_in_block)
    split = encode_split(corpus(), "train", tokenizer)
    np.testing.assert_array_equal(split.tokens, whole.tokens)
    np.testing.assert_array_equal(split.offsets, whole.offsets)
    assert split.labels == whole.labels
    assert (split.empty, split.truncated) == (2, 1)


def test_sentences_at_even_distances(tokenizer):
    split = encode_split(corpus(), "train", tokenizer)
    some = split.spread(3)
    assert some.tokens.tolist() == [1, 4, 5, 4, 2, 1, 6, 2, 1, 3, 4, 2]
    assert some.offsets.tolist() == [0, 5, 8, 12]
    assert some.labels == ["x", "y", "z"]
    assert some.text_bytes.tolist() == split.text_bytes[[0, 1, 3]].tolist()
    assert split.spread(1).lengths.tolist() == [5]
    assert split.spread(4) is split
    with pytest.raises(InputError, match="at least 1"):
        split.spread(0)


def test_without_labels_and_limit():
    lines = [LabelledText(None, "a b c d"), LabelledText(None, "b")]
    split = encode_split(corpus(lines), "valid", Tokenizer(Vocabulary(["a"])))
    assert split.labels is None
    assert split.tokens.tolist() == [1, 4, 3, 3, 3, 2, 1, 3, 2]
    assert (split.empty, split.truncated, split.unknown) == (0, 0, 4)


def test_a_split_without_words_is_refused(tokenizer):
    with pytest.raises(InputError) as error:
        encode_split(corpus([LabelledText("x", " ")]), "test", tokenizer)
    assert str(error.value) == "the test split of toy has no sentence: give at least one"


def test_vocabulary_is_counted_from_train():
    texts = {"train": "B b a _UNK", "valid": "only here", "test": "nor there"}
    counted = BuiltInCorpus("toy", lambda split: [LabelledText(None, texts[split])])
    assert build_vocabulary(counted, "words").tokens[4:] == ("B", "a", "b")
    assert build_vocabulary(counted, "raw").tokens[4:] == ("b", "_", "a", "unk")
    assert build_vocabulary(counted, "raw", limit=5).tokens[4:] == ("b",)
    assert build_vocabulary(counted, "raw", min_count=2).tokens[4:] == ("b",)


def test_the_corpus_own_vocabulary_is_taken(tmp_path):
    for name in ("train", "valid", "test"):
        (tmp_path / f"{name}.txt").write_text("a a\nb\n")
    (tmp_path / "vocab.txt").write_text("<pad>\n<bos>\n<eos>\n_UNK\nz\na\n")
    assert build_vocabulary(open_corpus(tmp_path), "words").tokens[4:] == ("z", "a")


@pytest.mark.corpora
def test_penn_treebank(corpora):
    ptb = open_corpus(corpora / "ptb")
    words = [line.split() for line in (corpora / "ptb" / "valid.txt").read_text().splitlines()]
    counts = Counter(word for sentence in words for word in sentence)
    vocabulary = build_vocabulary(ptb, "words")
    # The files have 10,000 word types, the end of a sentence and <unk> among them.
    assert len(vocabulary) == 4 + 9_998
    split = encode_split(ptb, "valid", Tokenizer(vocabulary))
    assert split.lengths.tolist() == [len(sentence) + 2 for sentence in words]
    assert split.unknown == counts["<unk>"]
    assert np.count_nonzero(split.tokens == vocabulary.tokens.index("the")) == counts["the"]


def test_bytes_of_the_original_text():
    lines = [
        LabelledText("x", "ä  b"),
        LabelledText("x", "  "),
        LabelledText("label", " c a\u00a0b a "),
        LabelledText("x", "👩"),
    ]
    whole = encode_split(corpus(lines), "train", Tokenizer(Vocabulary(["a"])))
    assert whole.text_bytes.dtype == np.int64
    assert whole.text_bytes.tolist() == [5, 10, 4]
    assert whole.first(2).text_bytes.tolist() == [5, 10]
    # Of a sentence that is cut, the words that are left: "c a b".
    cut = encode_split(corpus(lines), "train", Tokenizer(Vocabulary(["a"]), max_length=3))
    assert cut.truncated == 1
    assert cut.text_bytes.tolist() == [5, 5, 4]


def test_lines_of_white_space_are_no_sentences_for_any_tokenizer():
    lines = [LabelledText(None, text) for text in (" ", "a b", "\u3000\t", "", "b")]
    for tokenizer in (
        Tokenizer(Vocabulary(["a", "b"])),
        Tokenizer(Vocabulary(["a", "b"]), "raw"),
        Tokenizer(PieceVocabulary([" ", "a", "b"]), "characters"),
        Tokenizer(PieceVocabulary([" ", "a", "b"]), "regex", None, "."),
        SentencePieceTokenizer(train_sentencepiece(lambda: ["a b"])),
    ):
        split = encode_split(corpus(lines), "train", tokenizer)
        assert (split.sentences, split.empty) == (2, 3)
        assert split.text_bytes.tolist() == [3, 1]
        ids = [split.tokens[a:b] for a, b in pairwise(split.offsets)]
        texts = [tokenizer.detokenize(row[None]).numpy()[0] for row in ids]
        assert texts == [b"a b", b"b"]
        assert split.unknown == 0


def test_rare_words_are_left_out_on_request():
    lines = [LabelledText(None, "a a a a a a b b c d e f")]
    tokens = {
        min_count: build_vocabulary(corpus(lines), "words", min_count=min_count).tokens[4:]
        for min_count in (1, 2, None)
    }
    assert tokens == {1: tuple("abcdef"), 2: ("a", "b"), None: ("a", "b")}
    assert len(build_vocabulary(corpus(lines), "raw", min_count=None)) == 4 + 2
    assert len(build_vocabulary(corpus(lines), "characters", min_count=None)) == 4 + 7


def test_characters_and_matches_are_counted(tmp_path):
    lines = [LabelledText(None, "Cl CC"), LabelledText(None, "N")]
    assert build_vocabulary(corpus(lines), "characters").tokens[4:] == ("C", " ", "N", "l")
    molecules = build_vocabulary(corpus(lines), "regex", pattern="Cl|.")
    assert molecules.tokens[4:] == ("C", " ", "Cl", "N")
    for name in ("train", "valid", "test"):
        (tmp_path / f"{name}.txt").write_text("ab\nb\n")
    (tmp_path / "vocab.txt").write_text("word\n")
    assert build_vocabulary(open_corpus(tmp_path), "characters").tokens[4:] == ("b", "a")


def test_a_broken_pattern_is_refused_before_anything_is_read():
    with pytest.raises(InputError, match=r"the pattern '\(' cannot be read"):
        build_vocabulary(corpus(), "regex", pattern="(")


def test_the_lines_of_the_first_sentences_are_not_counted(tokenizer):
    split = encode_split(corpus(), "train", tokenizer)
    first = split.first(2)
    assert (first.sentences, first.empty, first.truncated) == (2, None, None)
    assert split.first(4) is split
