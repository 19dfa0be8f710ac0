import hashlib
import json

import pytest

from scale_vae_keras.errors import InputError
from scale_vae_keras.text.piece_vocabulary import PieceVocabulary
from scale_vae_keras.text.vocabulary import SPECIALS

PIECES = [" ", "\n", "\u2028", "a b", '"', "\\", "\0", "👩", "_UNK", "é"]


def test_a_saved_vocabulary_is_read_back(tmp_path):
    vocabulary = PieceVocabulary(PIECES)
    path = tmp_path / vocabulary.file_name
    vocabulary.save(path)
    assert path.name == "vocabulary.json"
    assert json.loads(path.read_text(encoding="utf-8")) == [*SPECIALS, *PIECES]
    assert PieceVocabulary.from_file(path).tokens == vocabulary.tokens
    assert vocabulary.fingerprint() == hashlib.sha256(path.read_bytes()).hexdigest()


def test_only_this_package_s_special_tokens_are_not_counted():
    counts = {" ": 3, "<unk>": 9, "UNK": 2, "a": 1}
    assert PieceVocabulary.from_counts(counts).tokens[4:] == (" ", "UNK", "a")


@pytest.mark.parametrize(
    ("pieces", "message"),
    [
        ([], "the vocabulary is empty: give at least one word"),
        (["a", ""], "a token is empty: leave it out of the vocabulary"),
        (["a", "a"], "'a' is repeated: leave it out of the words"),
        (["<s>"], "'<s>' is a special token: leave it out of the words"),
        ([1], "1 is not a string: give the words as strings"),
    ],
)
def test_unfit_pieces_are_refused(pieces, message):
    with pytest.raises(InputError) as error:
        PieceVocabulary(pieces)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot read the vocabulary {path}: No such file or directory"),
        ("nonsense", "vocabulary {path} is not JSON: "),
        ('{"a": 1}', "vocabulary {path} is not a JSON list of strings"),
        ("[1]", "vocabulary {path} is not a JSON list of strings"),
        ('["a"]', "vocabulary {path} does not begin with <pad>, <s>, </s>, <unk>"),
        (json.dumps([*SPECIALS, "a", "a"]), "vocabulary {path}: 'a' is repeated"),
    ],
)
def test_unfit_files_are_refused(tmp_path, content, message):
    path = tmp_path / "vocabulary.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError) as error:
        PieceVocabulary.from_file(path)
    assert str(error.value).startswith(message.replace("{path}", str(path)))
