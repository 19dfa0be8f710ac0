import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from scale_vae_keras.errors import InputError
from scale_vae_keras.text.tokenizer import Tokenizer
from scale_vae_keras.text.vocabulary import Vocabulary

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
    assert words.detokenize(tf.zeros([0, 3], tf.int32)).shape == [0]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.lists(st.sampled_from(WORDS)), min_size=1))
def test_known_words_survive_the_round_trip(words, sentences):
    texts = [" ".join(sentence) for sentence in sentences]
    back = words.detokenize(words(tf.constant(texts)).to_tensor())
    assert [text.decode() for text in back.numpy()] == texts


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "bpe"}, 'unknown tokenizer "bpe": choose words or raw'),
        ({"max_length": 0}, "max_length is 0: allow at least 1 word a sentence"),
    ],
)
def test_unfit_arguments_are_refused(arguments, message):
    with pytest.raises(InputError) as error:
        Tokenizer(Vocabulary(WORDS), **arguments)
    assert str(error.value) == message
