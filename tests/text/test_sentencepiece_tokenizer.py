import hashlib
import io

import keras
import numpy as np
import pytest
import sentencepiece
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st
from made_corpora import subword_lines
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from scale_vae_keras.errors import InputError
from scale_vae_keras.text.escapes import escape
from scale_vae_keras.text.sentencepiece_tokenizer import SentencePieceTokenizer
from scale_vae_keras.text.sentencepiece_training import train_sentencepiece

TEXTS = ["the cat sat.", "", " Das ist\u00a0 gut ", "中文 👩\u200d👩", "a\0b\t\u2581\x10", "\x10b"]
ANY_TEXT = st.text(st.characters(codec="utf-8"))


@pytest.fixture(scope="module")
def tokenizer(model):
    return SentencePieceTokenizer(model)


@pytest.fixture(scope="module")
def bpe():
    return SentencePieceTokenizer(train_sentencepiece(subword_lines, 400, "bpe"))


def round_trip(tokenizer, texts):
    back = tokenizer.detokenize(tokenizer(tf.constant(texts)).to_tensor())
    return [text.decode() for text in back.numpy()]


@pytest.mark.parametrize(
    "text",
    [
        *TEXTS,
        *(" ", "  ", " a", "a ", "a  b", "\t", "a\tb", "\r", "\n", "\0", "\x1f", "\x85", "\u2028"),
        *("\u2581", " \u2581 ", "\u2581\u2581a", "\x10", "\x10\u2581", "\x10d", "\x10\x10bd"),
        *("\u2585", "\u2047", "\ufeffx", "\ufffd", "e\u0301", "é", "ﬁ", "\uff21", "\U0010ffff"),
        *("<s> </s> <pad> <unk>", "<0x41>", "THE CAT", "the cat " * 500),
    ],
)
def test_text_comes_back_as_it_was(tokenizer, text):
    ids = tokenizer(tf.constant([text]))
    assert round_trip(tokenizer, [text]) == [text]
    assert ids.dtype == tf.int32
    [row] = ids.to_list()
    assert (row[0], row[-1]) == (1, 2)
    assert all(4 <= token < len(tokenizer.vocabulary) for token in row[1:-1])


@settings(deadline=None, max_examples=300)
@given(st.lists(ANY_TEXT, min_size=1))
@example(["\u2581", "\x10\u2581", "  \u2581"])
def test_text_of_all_planes_comes_back(tokenizer, texts):
    assert round_trip(tokenizer, texts) == texts
    assert not np.isin(tokenizer.split(tf.constant(texts)).values, [0, 1, 2, 3]).any()


def test_every_character_of_the_first_plane_comes_back(tokenizer):
    texts = [chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000]
    assert round_trip(tokenizer, texts) == texts


def test_ids_are_those_of_the_library(tokenizer, model):
    library = sentencepiece.SentencePieceProcessor(model_proto=model)
    text = "the naïve cat ist 中 gut."
    assert tokenizer.split(tf.constant([text])).to_list() == [library.encode(text)]
    pieces = [library.id_to_piece(i) for i in range(library.vocab_size())]
    assert tokenizer.vocabulary.tokens == tuple(pieces)
    assert pieces[:5] == ["<pad>", "<s>", "</s>", "<unk>", "<0x00>"]
    assert "▁cat" in pieces


def library_ids(model, texts):
    library = sentencepiece.SentencePieceProcessor(model_proto=model)
    return [library.encode(escape(text)) for text in texts]


WORDS = st.text(st.sampled_from("abcdeht\u2581\x10\u00a0é中\t") | st.just(" "), max_size=20)


@settings(deadline=None, max_examples=100)
@given(st.lists(WORDS | ANY_TEXT, min_size=1))
@example(["the cat  sat", "", " ", "  a ", "the the cat", "\x10 \x10b \u2581 "])
def test_ids_of_distinct_words_are_those_of_the_whole_text(bpe, texts):
    assert bpe.split(tf.constant(texts)).to_list() == library_ids(bpe.model, texts)


def test_bpe_cuts_a_repeated_word_once(bpe, monkeypatch):
    seen = []
    tokenize = bpe._pieces.tokenize
    monkeypatch.setattr(
        bpe._pieces, "tokenize", lambda words: seen.extend(words.numpy()) or tokenize(words)
    )
    assert round_trip(bpe, ["the cat the", "cat the"]) == ["the cat the", "cat the"]
    assert seen == [b"the", b"cat"]


def test_pieces_of_several_words_are_kept():
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["the cat sat", "the cat ran"] * 20),
        model_writer=written,
        model_type="bpe",
        vocab_size=320,
        hard_vocab_limit=False,
        byte_fallback=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        split_by_whitespace=False,
        minloglevel=2,
        pad_id=0,
        bos_id=1,
        eos_id=2,
        unk_id=3,
    )
    tokenizer = SentencePieceTokenizer(written.getvalue())
    ids = tokenizer.split(tf.constant(["the cat sat"])).to_list()
    assert ids == library_ids(written.getvalue(), ["the cat sat"])
    assert any("\u2581" in tokenizer.vocabulary.tokens[place][1:] for place in ids[0])


def test_bytes_that_are_not_utf8_are_replaced(tokenizer):
    assert round_trip(tokenizer, [b"a\xffb", b"\xe2\x96"]) == ["a\ufffdb", "\ufffd"]


def test_ids_that_are_no_text_together_give_valid_utf8(tokenizer):
    byte = {value: 4 + value for value in range(256)}
    ids = tf.constant(
        [[1, byte[0xE2], byte[0x41], 2], [byte[0xC3], byte[0xA9], 2, 2], [3, 0, 2, 2]]
    )
    assert tokenizer.detokenize(ids).numpy().tolist() == [
        "\ufffdA".encode(),
        "é".encode(),
        b"<unk>",
    ]


@pytest.mark.parametrize("dtype", [tf.int32, tf.int64])
def test_detokenize_ends_at_the_first_end_token(tokenizer, dtype):
    [ids] = tokenizer(tf.constant(["the cat"])).to_list()
    rows = tf.constant([[*ids, *ids[1:-1]], [0, *ids[1:], *[0] * (len(ids) - 2)]], dtype)
    assert tokenizer.detokenize(rows).numpy().tolist() == [b"the cat", b"the cat"]


def test_long_sentences_are_cut(model, tokenizer):
    cut = SentencePieceTokenizer(model, max_length=3)
    texts = ["the cat sat on a mat", "a", ""]
    whole = tokenizer(tf.constant(texts)).to_list()
    ids = cut(tf.constant(texts))
    assert ids.to_list() == [[*whole[0][:4], 2], whole[1], [1, 2]]
    assert cut.split(tf.constant(texts)).to_list() == tokenizer.split(tf.constant(texts)).to_list()
    kept = cut.detokenize(ids.to_tensor()).numpy()
    sizes = cut.byte_lengths(cut.split(tf.constant(texts)))
    assert sizes.dtype == tf.int64
    assert sizes.numpy().tolist() == [len(text) for text in kept]
    assert kept[1:].tolist() == [b"a", b""]


def test_bytes_are_those_of_the_text(tokenizer):
    sizes = tokenizer.byte_lengths(tokenizer.split(tf.constant(TEXTS))).numpy().tolist()
    assert sizes == [len(text.encode()) for text in TEXTS]


def test_graph_and_data_set_and_eager_agree(tokenizer):
    eager = tokenizer(tf.constant(TEXTS)).to_list()
    graph = tf.function(tokenizer.__call__, input_signature=[tf.TensorSpec([None], tf.string)])
    assert graph(tf.constant(TEXTS)).to_list() == eager
    dataset = tf.data.Dataset.from_tensor_slices(TEXTS).batch(2).map(tokenizer)
    assert [row for batch in dataset for row in batch.to_list()] == eager
    assert tokenizer(tf.constant([], tf.string)).to_list() == []


@pytest.mark.parametrize("name", ["tokenizer", "bpe"])
def test_survives_export_with_all_its_operations_on_the_cpu(name, tmp_path, request):
    tokenizer = request.getfixturevalue(name)
    module = tf.Module()
    module.tokenizer = tokenizer
    module.round_trip = tf.function(
        lambda texts: {"text": tokenizer.detokenize(tokenizer(texts).to_tensor())},
        input_signature=[tf.TensorSpec([None], tf.string)],
    )
    tf.saved_model.save(module, str(tmp_path / "saved"), signatures=module.round_trip)
    loaded = tf.saved_model.load(str(tmp_path / "saved"))
    texts = loaded.signatures["serving_default"](tf.constant(TEXTS))["text"]
    assert [text.decode() for text in texts.numpy()] == TEXTS
    saved = SavedModel.FromString((tmp_path / "saved" / "saved_model.pb").read_bytes())
    graph = saved.meta_graphs[0].graph_def
    nodes = [*graph.node, *(node for f in graph.library.function for node in f.node_def)]
    makers = [node for node in graph.node if node.op == "SentencepieceOp"]
    users = [node for node in nodes if node.op == "SentencepieceTokenizeOp"]
    assert makers
    assert users
    assert all("CPU" in node.device for node in (*makers, *users))


def test_fingerprint_is_the_hash_of_the_model(tokenizer, model, tmp_path):
    tokenizer.save_vocabulary(tmp_path)
    content = (tmp_path / "tokenizer.model").read_bytes()
    assert content == model
    assert [path.name for path in tmp_path.iterdir()] == ["tokenizer.model"]
    assert tokenizer.fingerprint() == hashlib.sha256(content).hexdigest()


def test_what_is_no_model_is_refused(model):
    message = "this is not a SentencePiece model whose first pieces are <pad>, <s>, </s>, <unk>"
    for broken in (b"", b"nonsense", model[:100]):
        with pytest.raises(InputError) as error:
            SentencePieceTokenizer(broken)
        assert str(error.value) == message
    with pytest.raises(InputError, match="max_length must be at least 1, got 0"):
        SentencePieceTokenizer(model, max_length=0)


def test_the_model_outlives_keras_resets(tokenizer):
    graph = tf.function(tokenizer.__call__, input_signature=[tf.TensorSpec([None], tf.string)])
    before = graph(tf.constant(TEXTS)).to_list()
    keras.utils.clear_session()
    keras.utils.set_random_seed(3)
    assert graph(tf.constant(TEXTS)).to_list() == before
    assert tokenizer(tf.constant(TEXTS)).to_list() == before


def test_two_models_stay_apart(model, tokenizer):
    other = SentencePieceTokenizer(train_sentencepiece(lambda: ["the dog ran"] * 9, 400, "bpe"))
    texts = tf.constant(["the cat sat", "the dog ran"])
    assert tokenizer.split(texts).to_list() == SentencePieceTokenizer(model).split(texts).to_list()
    assert other.split(texts).row_lengths()[1] < tokenizer.split(texts).row_lengths()[1]
