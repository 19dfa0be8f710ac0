import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from scale_vae_keras.errors import InputError
from scale_vae_keras.text.splitting import check_kind, split_words

SMILES = r"\[[^\]]*\]|Br|Cl|%[0-9]{2}|."
SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
SPACES += "\u200a\u2028\u2029\u202f\u205f\u3000"


def split_all(texts, kind, pattern=None):
    """One call for all, since each call reads the expressions of `raw` anew, which takes long."""
    rows = split_words(tf.constant(texts), kind, pattern).to_list()
    return [[token.decode() for token in row] for row in rows]


def split(text, kind, pattern=None):
    [tokens] = split_all([text], kind, pattern)
    return tokens


@pytest.mark.parametrize("kind", ["words", "raw"])
def test_every_space_of_unicode_stands_between_words(kind):
    single = [f"foo{space}bar" for space in SPACES]
    assert split_all(single, kind) == [["foo", "bar"]] * len(SPACES)
    several = [f"{space}foo{space}{space}bär{space}" for space in SPACES]
    assert split_all(several, kind) == [["foo", "bär"]] * len(SPACES)


@settings(deadline=None, max_examples=100)
@given(st.text(st.characters(codec="utf-8") | st.sampled_from(SPACES)))
def test_words_are_what_stands_between_white_space(text):
    expected = "".join(" " if character in SPACES else character for character in text)
    assert split(text, "words") == [word for word in expected.split(" ") if word]


WORDS_OF_RAW = {
    "مُحَمَّد": ["مُحَمَّد"],
    "за́мок": ["за́мок"],
    "İstanbul": ["i̇stanbul"],
    "за́мок,İstanbul": ["за́мок", ",", "i̇stanbul"],
    "a\u0301д": ["\u00e1", "д"],
    "q\u0301д\u0301x q\u0301\u0302q": ["q\u0301", "д\u0301", "x", "q\u0301\u0302q"],
    "\u0301ab \u0301": ["\u0301", "ab", "\u0301"],
    "The CAT's 3 Straßen!": ["the", "cat", "'", "s", "3", "strassen", "!"],
    "": [],
}


def test_raw_words_keep_their_marks():
    words = split_all(list(WORDS_OF_RAW), "raw")
    assert dict(zip(WORDS_OF_RAW, words, strict=True)) == WORDS_OF_RAW


def test_an_emoji_sequence_is_one_raw_word():
    emoji = ["👩\u200d👩\u200d👧", "❤\ufe0f", "🏳\ufe0f\u200d🌈", "👍🏽", "1\ufe0f\u20e3"]
    for words in split_all([f"so {each} good" for each in emoji], "raw"):
        assert words[0] == "so"
        assert words[2] == "good"
        assert len(words) == 3


def test_marks_in_one_text_change_nothing_in_the_others():
    plain = ["the cat's", "", "Привет, мир", "3.50 $"]
    marked = ["за́мок", "", *plain, "q\u0301 за́", *plain]
    together = split_words(tf.constant(marked), "raw").to_list()
    apart = [split_words(tf.constant([text]), "raw").to_list()[0] for text in marked]
    assert together == apart
    assert together[2:6] == split_words(tf.constant(plain), "raw").to_list()


def test_no_text_with_marks():
    assert split_words(tf.constant([], tf.string), "raw").to_list() == []


@pytest.mark.parametrize(
    ("text", "characters"),
    [
        ("MKV", ["M", "K", "V"]),
        (" a\tß中👩\0", [" ", "a", "\t", "ß", "中", "👩", "\0"]),
        ("", []),
        (b"a\xffb", ["a", "\ufffd", "b"]),
    ],
)
def test_characters(text, characters):
    assert split(text, "characters") == characters


@pytest.mark.parametrize(
    ("pattern", "text", "tokens"),
    [
        (SMILES, "CBr([nH])Clc1%12", ["C", "Br", "(", "[nH]", ")", "Cl", "c", "1", "%12"]),
        (SMILES, "C=C\n[C@@H]", ["C", "=", "C", "\n", "[C@@H]"]),
        ("[0-9]+", "a 12, 3", ["a ", "12", ", ", "3"]),
        ("[A-G]#?m?7?", "C#m7 | Gx", ["C#m7", " | ", "G", "x"]),
        ("(a)(b)", "xabab", ["x", "ab", "ab"]),
        ("中|é", "a中é", ["a", "中", "é"]),
        ("z*", "azzb", ["a", "zz", "b"]),
        (r"\b", "ab c", ["ab", " ", "c"]),
        (".", "", []),
    ],
)
def test_matches_and_what_stands_between(pattern, text, tokens):
    assert split(text, "regex", pattern) == tokens


@settings(deadline=None, max_examples=50)
@given(st.text(st.characters(codec="utf-8")))
def test_tokens_joined_are_the_text(text):
    assert "".join(split(text, "characters")) == text
    assert "".join(split(text, "regex", r"\w+|\s")) == text


@pytest.mark.parametrize(
    ("kind", "pattern", "message"),
    [
        (
            "bpe",
            None,
            'unknown tokenizer "bpe": choose words, raw, characters, regex or sentencepiece',
        ),
        (
            "sentencepiece",
            None,
            "sentencepiece needs a trained model: make a SentencePieceTokenizer",
        ),
        ("regex", None, "the regex tokenizer needs a pattern: say what a token is"),
        ("regex", "", "the regex tokenizer needs a pattern: say what a token is"),
        ("raw", ".", "a pattern is for the regex tokenizer, not for raw: leave it out"),
        (
            "regex",
            "(a",
            "the pattern '(a' cannot be read (missing ): (a): write it in the syntax of RE2",
        ),
        (
            "regex",
            r"(a)\1",
            "the pattern '(a)\\\\1' cannot be read (invalid escape sequence: \\1): "
            "write it in the syntax of RE2",
        ),
    ],
)
def test_what_cannot_be_split_is_refused(kind, pattern, message, capfd):
    with pytest.raises(InputError) as error:
        check_kind(kind, pattern)
    assert str(error.value) == message
    assert "RE2" not in capfd.readouterr().err


def test_an_unknown_kind_splits_nothing():
    with pytest.raises(InputError, match='unknown tokenizer "bpe"'):
        split_words(tf.constant(["a"]), "bpe")
