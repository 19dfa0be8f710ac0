import hashlib

import pytest

from scale_vae_keras.errors import InputError
from scale_vae_keras.text.vocabulary import (
    END_ID,
    PAD_ID,
    SPECIALS,
    START_ID,
    UNKNOWN_ID,
    Vocabulary,
)


def test_special_tokens_come_first():
    vocabulary = Vocabulary(["b", "a"])
    assert vocabulary.tokens == ("<pad>", "<s>", "</s>", "<unk>", "b", "a")
    assert len(vocabulary) == 6
    assert [SPECIALS[i] for i in (PAD_ID, START_ID, END_ID, UNKNOWN_ID)] == list(SPECIALS)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "the vocabulary is empty: give at least one word"),
        (["a", "a"], "'a' is repeated: leave it out of the words"),
        (["a", ""], "'' is not one word: give one word without white space"),
        (["new york"], "'new york' is not one word: give one word without white space"),
        (["a\u00a0b"], "'a\\xa0b' is not one word: give one word without white space"),
        (["\u2028"], "'\\u2028' is not one word: give one word without white space"),
        (["a\u3000"], "'a\\u3000' is not one word: give one word without white space"),
        (["<s>"], "'<s>' is a special token: leave it out of the words"),
        (["_UNK"], "'_UNK' is a special token: leave it out of the words"),
        (["a", 1], "1 is not a string: give the words as strings"),
        ([b"a"], "b'a' is not a string: give the words as strings"),
        (
            ["\ud800"],
            "the word '\\ud800' holds half of a surrogate pair, which UTF-8 cannot write: "
            "decode it again",
        ),
    ],
)
def test_unfit_words_are_refused(words, message):
    with pytest.raises(InputError) as error:
        Vocabulary(words)
    assert str(error.value) == message


@pytest.mark.parametrize(
    "content",
    [
        "<pad>\n<s>\n</s>\n<unk>\nthe\ncafé\n",
        "<pad>\n<bos>\n<eos>\n_UNK\nthe\ncafé\n",
        "_PAD\n_GO\n_EOS\n_UNK\nthe\ncafé",
        "the\ncafé\n",
        "the\r\n<unk>\r\ncafé\r\n",
        "\ufeffthe\ncafé\n",
    ],
)
def test_every_convention_of_special_tokens_is_mapped(tmp_path, content):
    path = tmp_path / "vocab.txt"
    path.write_bytes(content.encode())
    assert Vocabulary.from_file(path).tokens == (*SPECIALS, "the", "café")


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16-le", "utf-16"])
def test_a_file_in_another_encoding(tmp_path, encoding):
    path = tmp_path / "vocab.txt"
    path.write_bytes("the\ncafé\n".encode(encoding))
    assert Vocabulary.from_file(path, encoding).tokens == (*SPECIALS, "the", "café")


def test_bytes_that_are_not_utf_8_are_no_word(tmp_path):
    path = tmp_path / "vocab.txt"
    path.write_bytes("the\ncafé\n".encode("latin-1"))
    with pytest.raises(InputError, match=r'line 2: the byte e9 after "caf" cannot be read as utf'):
        Vocabulary.from_file(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the vocabulary is empty: give at least one word"),
        ("<pad>\n<s>\n", "the vocabulary is empty: give at least one word"),
        ("a\nb\na\n", "'a' is repeated: leave it out of the words"),
        ("a\n\nb\n", "'' is not one word: give one word without white space"),
        ("a 12\n", "'a 12' is not one word: give one word without white space"),
    ],
)
def test_unfit_files_are_refused(tmp_path, content, message):
    path = tmp_path / "vocab.txt"
    path.write_text(content)
    with pytest.raises(InputError) as error:
        Vocabulary.from_file(path)
    assert str(error.value) == f"vocabulary {path}: {message}"


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"cannot read the vocabulary .*nowhere: No such file"):
        Vocabulary.from_file(tmp_path / "nowhere")


def test_most_frequent_words_come_first_and_ties_in_alphabetical_order():
    counts = {"c": 2, "rare": 1, "b": 2, "<unk>": 9, "_UNK": 9, "UNK": 9, "the": 5, "</s>": 7}
    assert Vocabulary.from_counts(counts).tokens[4:] == ("the", "b", "c", "rare")
    assert Vocabulary.from_counts(counts, min_count=2).tokens[4:] == ("the", "b", "c")
    assert Vocabulary.from_counts(counts, limit=6).tokens[4:] == ("the", "b")


@pytest.mark.parametrize(
    ("counts", "limit", "message"),
    [
        ({"a": 1}, None, "no word occurs at least 2 times: lower min_count or give more text"),
        (
            {"a": 2},
            4,
            "a vocabulary of at most 4 has no room for words: allow more than its 4 special tokens",
        ),
    ],
)
def test_counts_that_leave_no_word_are_refused(counts, limit, message):
    with pytest.raises(InputError) as error:
        Vocabulary.from_counts(counts, limit, min_count=2)
    assert str(error.value) == message


def test_saved_vocabulary_is_read_back(tmp_path):
    vocabulary = Vocabulary(["naïve", "a", "\u200b"])
    vocabulary.save(tmp_path / "vocabulary.txt")
    assert Vocabulary.from_file(tmp_path / "vocabulary.txt").tokens == vocabulary.tokens
    assert [path.name for path in tmp_path.iterdir()] == ["vocabulary.txt"]


def test_fingerprint_is_the_hash_of_the_file(tmp_path):
    vocabulary = Vocabulary(["a", "b"])
    vocabulary.save(tmp_path / "v.txt")
    content = (tmp_path / "v.txt").read_bytes()
    assert content == b"<pad>\n<s>\n</s>\n<unk>\na\nb\n"
    assert vocabulary.fingerprint() == hashlib.sha256(content).hexdigest()
    assert vocabulary.fingerprint() != Vocabulary(["b", "a"]).fingerprint()
