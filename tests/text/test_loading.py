import json

import pytest
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.text.loading import load_tokenizer
from scale_vae_keras.text.piece_vocabulary import PieceVocabulary
from scale_vae_keras.text.sentencepiece_tokenizer import SentencePieceTokenizer
from scale_vae_keras.text.tokenizer import Tokenizer
from scale_vae_keras.text.vocabulary import Vocabulary

TEXT = "Ab cd, Ab \n"


def tokenizers(model):
    words, pieces = Vocabulary(["Ab", "ab", ","]), PieceVocabulary(["A", "Ab", " ", "\n"])
    return {
        "words": (Tokenizer(words, "words"), "vocabulary.txt"),
        "raw": (Tokenizer(words, "raw", 2), "vocabulary.txt"),
        "characters": (Tokenizer(pieces, "characters", 9), "vocabulary.json"),
        "regex": (Tokenizer(pieces, "regex", None, "[A-Z][a-z]"), "vocabulary.json"),
        "sentencepiece": (SentencePieceTokenizer(model, 7), "tokenizer.model"),
    }


@pytest.mark.parametrize("kind", ["words", "raw", "characters", "regex", "sentencepiece"])
def test_a_saved_tokenizer_is_read_back(kind, model, tmp_path):
    tokenizer, file = tokenizers(model)[kind]
    tokenizer.save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["tokenizer.json", file])
    loaded = load_tokenizer(tmp_path)
    assert type(loaded) is type(tokenizer)
    assert loaded.settings() == tokenizer.settings()
    assert loaded.fingerprint() == tokenizer.fingerprint()
    assert loaded.vocabulary.tokens == tokenizer.vocabulary.tokens
    ids = tokenizer(tf.constant([TEXT]))
    assert loaded(tf.constant([TEXT])).to_list() == ids.to_list()
    given = {**tokenizer.settings(), "max_length": 1}
    assert load_tokenizer(tmp_path, given)(tf.constant([TEXT])).to_list() == [
        [*ids.to_list()[0][:2], 2]
    ]


def test_settings_are_enough_for_a_folder_without_them(tmp_path):
    Vocabulary(["a", "b"]).save(tmp_path / "vocabulary.txt")
    tokenizer = load_tokenizer(tmp_path, {"kind": "words", "max_length": 3})
    assert tokenizer(tf.constant(["b a"])).to_list() == [[1, 5, 4, 2]]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (None, "cannot read the tokenizer {folder}/tokenizer.json: No such file or directory"),
        ("{", "{folder}/tokenizer.json is not JSON: "),
        ("[]", "{folder}/tokenizer.json does not hold a tokenizer's settings"),
        ('{"size": 3}', "{folder}/tokenizer.json does not hold a tokenizer's settings"),
        (
            {"kind": "sentencepiece"},
            "cannot read the tokenizer {folder}/tokenizer.model: No such file or directory",
        ),
        (
            {"kind": "words"},
            "cannot read the vocabulary {folder}/vocabulary.txt: No such file or directory",
        ),
        ({"kind": "bpe"}, 'unknown tokenizer "bpe": choose '),
        ({}, 'unknown tokenizer "None": choose '),
    ],
)
def test_broken_folders_are_refused(tmp_path, settings, message):
    if settings is not None:
        content = settings if isinstance(settings, str) else json.dumps(settings)
        (tmp_path / "tokenizer.json").write_text(content)
    if settings in ({"kind": "bpe"}, {}):
        PieceVocabulary(["a"]).save(tmp_path / "vocabulary.json")
    with pytest.raises(InputError) as error:
        load_tokenizer(tmp_path)
    assert str(error.value).startswith(message.replace("{folder}", str(tmp_path)))


def test_a_broken_model_is_refused_by_name(tmp_path):
    (tmp_path / "tokenizer.model").write_bytes(b"nonsense")
    with pytest.raises(InputError, match=r"^tokenizer .*tokenizer\.model: this is not a Sentence"):
        load_tokenizer(tmp_path, {"kind": "sentencepiece", "max_length": None})
