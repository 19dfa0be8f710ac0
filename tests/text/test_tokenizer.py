import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from scale_vae_keras.data import build_vocabulary, corpus_from
from scale_vae_keras.errors import InputError
from scale_vae_keras.text.piece_vocabulary import PieceVocabulary
from scale_vae_keras.text.tokenizer import Tokenizer
from scale_vae_keras.text.vocabulary import UNKNOWN_ID, Vocabulary

WORDS = ("the", "cat", "sat", ".", "'", "s", "straße", "strasse", "fi")
THE, CAT, SAT, STOP, QUOTE, S, STRASSE, STRASSE_FOLDED, FI = range(4, 13)
TEXTS = ["the cat sat .", "", "unheard cat", b"cat \xff sat", "\tthe \t cat\r"]


@pytest.fixture(scope="module")
def words():
    return Tokenizer(Vocabulary(WORDS))


@pytest.fixture(scope="module")
def raw():
    return Tokenizer(Vocabulary(WORDS), kind="raw")


def test_ids_of_tokenised_text(words):
    ids = words(tf.constant(TEXTS))
    assert ids.dtype == tf.int32
    assert ids.to_list() == [
        [1, THE, CAT, SAT, STOP, 2],
        [1, 2],
        [1, 3, CAT, 2],
        [1, CAT, 3, SAT, 2],
        [1, THE, CAT, 2],
    ]


def test_markers_of_the_text_are_unknown_words_never_special_tokens(words):
    ids = words(tf.constant(["<unk> _UNK UNK", "cat </s> <pad> <s> sat"]))
    assert ids.to_list() == [[1, 3, 3, 3, 2], [1, CAT, 3, 3, 3, SAT, 2]]


def test_tokenised_text_keeps_its_case_and_form(words):
    assert words(tf.constant(["The straße ﬁ cat."])).to_list() == [[1, 3, STRASSE, 3, 3, 2]]


def test_raw_text_is_normalised_folded_and_split(raw):
    ids = raw(tf.constant(["The CAT's  Straße.", "ﬁ", "", b"cat\xfe"]))
    assert ids.to_list() == [
        [1, THE, CAT, QUOTE, S, STRASSE_FOLDED, STOP, 2],
        [1, FI, 2],
        [1, 2],
        [1, CAT, 3, 2],
    ]


@pytest.mark.parametrize("kind", ["words", "raw"])
def test_split_gives_the_words_uncut(kind):
    tokenizer = Tokenizer(Vocabulary(WORDS), kind, max_length=1)
    split = tokenizer.split(tf.constant(["the  dog", "", b"\xff"]))
    assert split.to_list() == [[b"the", b"dog"], [], ["\ufffd".encode()]]


def test_long_sentences_are_cut_before_the_end_token():
    tokenizer = Tokenizer(Vocabulary(WORDS), max_length=2)
    assert tokenizer(tf.constant(["the cat sat .", "the cat", "sat"])).to_list() == [
        [1, THE, CAT, 2],
        [1, THE, CAT, 2],
        [1, SAT, 2],
    ]


@pytest.mark.parametrize("kind", ["words", "raw"])
def test_very_long_line(kind):
    ids = Tokenizer(Vocabulary(WORDS), kind)(tf.constant(["cat " * 100_000]))
    assert ids.shape.as_list() == [1, None]
    assert ids.row_lengths().numpy().tolist() == [100_002]
    assert tf.reduce_all(ids[0, 1:-1] == CAT)


def test_no_sentences(words):
    assert words(tf.constant([], tf.string)).to_list() == []
    assert words([]).to_list() == []
    assert words.detokenize(tf.zeros([0, 3], tf.int32)).shape == [0]


@pytest.mark.parametrize(
    "texts",
    [["the cat", "sat"], ("the cat", "sat"), np.array(["the cat", "sat"], object)],
    ids=["list", "tuple", "array"],
)
def test_sentences_of_any_type(words, texts):
    assert words(texts).to_list() == [[1, THE, CAT, 2], [1, SAT, 2]]
    assert (
        words(np.array(texts)).to_list()
        == words(pd.Series(texts)).to_list()
        == words(tf.constant(texts)).to_list()
    )


@pytest.mark.parametrize("texts", [[1, 2], ["the", None], [["the cat"], ["sat"]], ["\ud800"]])
def test_what_is_no_list_of_strings_is_refused(words, texts):
    with pytest.raises(InputError, match="a tokenizer takes a list of strings"):
        words(texts)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.lists(st.sampled_from(WORDS)), min_size=1))
def test_known_words_survive_the_round_trip(words, sentences):
    texts = [" ".join(sentence) for sentence in sentences]
    back = words.detokenize(words(tf.constant(texts)).to_tensor())
    assert [text.decode() for text in back.numpy()] == texts


def test_one_string_or_sentence_is_refused_and_lists_are_read(words):
    with pytest.raises(InputError, match="takes a list of strings, not one"):
        words("the cat")
    for ids in ([1, THE, 2], tf.constant([1, THE, 2]), []):
        with pytest.raises(InputError, match="ids must be rows of sentences"):
            words.detokenize(ids)
    assert words.detokenize([[1, THE, CAT, 2], [SAT, 2, THE, 0]]).numpy().tolist() == [
        *(b"the cat", b"sat")
    ]
    assert words.detokenize(words(["the cat", "sat"])).numpy().tolist() == [b"the cat", b"sat"]


@pytest.mark.parametrize("dtype", [tf.int32, tf.int64])
def test_detokenize_ends_at_the_first_end_token(words, dtype):
    ids = tf.constant(
        [[1, THE, CAT, 2, SAT, 2], [THE, 3, 2, 0, 0, 0], [0, 1, SAT, 0, CAT, THE], [2] * 6], dtype
    )
    assert words.detokenize(ids).numpy().tolist() == [b"the cat", b"the <unk>", b"sat cat the", b""]


@pytest.mark.parametrize("kind", ["words", "raw"])
def test_graph_and_eager_agree(kind):
    tokenizer = Tokenizer(Vocabulary(WORDS), kind, max_length=3)
    eager = tokenizer(tf.constant(TEXTS))
    texts = tokenizer.detokenize(eager.to_tensor()).numpy().tolist()

    graph = tf.function(tokenizer.__call__, input_signature=[tf.TensorSpec([None], tf.string)])
    assert graph(tf.constant(TEXTS)).to_list() == eager.to_list()

    dataset = tf.data.Dataset.from_tensor_slices(TEXTS).batch(2).map(tokenizer)
    assert [row for batch in dataset for row in batch.to_list()] == eager.to_list()

    detokenize = tf.function(tokenizer.detokenize)
    assert detokenize(eager.to_tensor()).numpy().tolist() == texts


def test_survives_export(words, tmp_path):
    module = tf.Module()
    module.tokenizer = words
    module.round_trip = tf.function(
        lambda texts: words.detokenize(words(texts).to_tensor()),
        input_signature=[tf.TensorSpec([None], tf.string)],
    )
    tf.saved_model.save(module, str(tmp_path / "saved"))
    loaded = tf.saved_model.load(str(tmp_path / "saved"))
    texts = loaded.round_trip(tf.constant(TEXTS)).numpy().tolist()
    assert texts == [b"the cat sat .", b"", b"<unk> cat", b"cat <unk> sat", b"the cat"]


def test_exported_words_are_cut_at_every_space(tmp_path):
    tokenizer = Tokenizer(Vocabulary(["foo", "bar"]))
    module = tf.Module()
    module.tokenizer = tokenizer
    module.ids = tf.function(
        lambda texts: tokenizer(texts).to_tensor(),
        input_signature=[tf.TensorSpec([None], tf.string)],
    )
    tf.saved_model.save(module, str(tmp_path / "saved"))
    loaded = tf.saved_model.load(str(tmp_path / "saved"))
    ids = loaded.ids(tf.constant(["foo\u00a0bar\u3000foo", "\u2028bar"])).numpy().tolist()
    assert ids == [[1, 4, 5, 4, 2], [1, 5, 2, 0, 0]]


def test_characters_come_back_as_they_were():
    tokenizer = Tokenizer(PieceVocabulary(["M", "K", " ", "\n"]), "characters", max_length=4)
    ids = tokenizer(tf.constant(["MK\nK", " M", "KäK", "MMMMM"]))
    assert ids.to_list() == [[1, 4, 5, 7, 5, 2], [1, 6, 4, 2], [1, 5, 3, 5, 2], [1, 4, 4, 4, 4, 2]]
    back = tokenizer.detokenize(ids.to_tensor()).numpy().tolist()
    assert back == [b"MK\nK", b" M", b"K<unk>K", b"MMMM"]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text(st.characters(codec="utf-8")), min_size=1))
def test_characters_of_all_planes_come_back(texts):
    vocabulary = PieceVocabulary(sorted({"a", *"".join(texts)}))
    tokenizer = Tokenizer(vocabulary, "characters")
    back = tokenizer.detokenize(tokenizer(tf.constant(texts)).to_tensor())
    assert [text.decode() for text in back.numpy()] == texts


def test_molecules_come_back_as_they_were():
    pattern = r"\[[^\]]*\]|Br|Cl|."
    tokenizer = Tokenizer(PieceVocabulary(["C", "Cl", "(", ")", "[nH]"]), "regex", None, pattern)
    ids = tokenizer(tf.constant(["CCl([nH])C", "CBr"]))
    assert ids.to_list() == [[1, 4, 5, 6, 8, 7, 4, 2], [1, 4, 3, 2]]
    assert tokenizer.detokenize(ids.to_tensor()).numpy().tolist() == [b"CCl([nH])C", b"C<unk>"]


@pytest.mark.parametrize(
    ("kind", "texts", "sizes"),
    [
        ("words", ["  a   bä c", "a", ""], [5, 1, 0]),
        ("raw", ["Ab-C", "ß", ""], [4, 2, 0]),
        ("characters", ["äbc", "a", ""], [3, 1, 0]),
    ],
)
def test_bytes_of_the_tokens_that_are_kept(kind, texts, sizes):
    vocabulary = Vocabulary(["a"]) if kind != "characters" else PieceVocabulary(["a"])
    tokenizer = Tokenizer(vocabulary, kind, max_length=2)
    lengths = tokenizer.byte_lengths(tokenizer.split(tf.constant(texts)))
    assert lengths.dtype == tf.int64
    assert lengths.numpy().tolist() == sizes


def test_fingerprint_is_the_vocabulary_s_and_the_pattern_s():
    vocabulary = Vocabulary(["a"])
    assert Tokenizer(vocabulary).fingerprint() == vocabulary.fingerprint()
    pieces = PieceVocabulary(["a"])
    one, other = (Tokenizer(pieces, "regex", None, pattern) for pattern in ("a", "b"))
    assert len({one.fingerprint(), other.fingerprint(), pieces.fingerprint()}) == 3
    assert one.fingerprint() == Tokenizer(pieces, "regex", 5, "a").fingerprint()


@pytest.mark.parametrize("kind", ["words", "raw", "characters"])
def test_operations_are_placed_on_the_cpu(kind):
    vocabulary = Vocabulary(["a"]) if kind != "characters" else PieceVocabulary(["a"])
    tokenizer = Tokenizer(vocabulary, kind, 3)
    graph = (
        tf.function(
            lambda texts: tokenizer.detokenize(tokenizer(texts).to_tensor()),
            input_signature=[tf.TensorSpec([None], tf.string)],
        )
        .get_concrete_function()
        .graph
    )
    lookups = [node for node in graph.get_operations() if "Lookup" in node.type]
    assert lookups
    assert all("CPU" in node.device for node in lookups)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"kind": "bpe"},
            'unknown tokenizer "bpe": choose words, raw, characters, regex or sentencepiece',
        ),
        ({"pattern": "a"}, "a pattern is for the regex tokenizer, not for words: leave it out"),
        ({"max_length": 0}, "max_length must be at least 1, got 0"),
        ({"max_length": 2.5}, "max_length must be a whole number, got 2.5"),
    ],
)
def test_unfit_arguments_are_refused(arguments, message):
    with pytest.raises(InputError) as error:
        Tokenizer(Vocabulary(WORDS), **arguments)
    assert str(error.value) == message


def test_a_counted_vocabulary_says_how_its_text_was_split():
    text = ["The Food, was great!", "a b"]
    corpus = corpus_from(text, text, text)
    for kind, first in (("raw", "the"), ("words", "The"), ("characters", "T")):
        vocabulary = build_vocabulary(corpus, kind)
        tokenizer = Tokenizer(vocabulary)
        assert tokenizer.kind == kind
        ids = tokenizer(text[:1]).to_list()[0]
        assert UNKNOWN_ID not in ids
        assert vocabulary.tokens[ids[1]] == first
        assert Tokenizer(vocabulary, kind)(text).to_list() == tokenizer(text).to_list()
        other = "words" if kind == "raw" else "raw"
        with pytest.raises(InputError, match=f"split by '{kind}', not '{other}'"):
            Tokenizer(vocabulary, other)
    assert Tokenizer(Vocabulary(["a"])).kind == "words"
