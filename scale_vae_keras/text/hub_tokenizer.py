"""The tokenizer of a keras-hub preset."""

import hashlib
import json
import os
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.files import written_whole
from scale_vae_keras.text.hub_extra import hub_ids, keras_hub, read_preset, special_ids
from scale_vae_keras.text.piece_vocabulary import PieceVocabulary
from scale_vae_keras.text.tokenizer import Tokenizer, id_rows
from scale_vae_keras.text.vocabulary import SPECIALS, UNKNOWN_ID

FOLDER = "hub_tokenizer"
_CONFIG = "config.json"


class HubTokenizer(Tokenizer):
    """Turns text into the tokens that a pretrained backbone knows, and back.

    The tokens are those of a keras-hub tokenizer, under ids of this package: `<pad>`, `<s>`, `</s>`
    and `<unk>` stand for its padding, start, end and unknown token and have ids 0 to 3; all others
    follow in their order. `BackboneEncoder` turns ids back. What comes back as text is what the
    keras-hub tokenizer makes of the tokens; BERT's puts a space before every punctuation mark.

    `split` gives ids, ragged int32 `[n, (tokens)]`.

    Args:
        tokenizer: a `keras_hub.tokenizers.Tokenizer` that marks padding, start and end.
        max_length: longer sentences are cut after this many tokens; None cuts nothing.

    Raises:
        InputError: the tokenizer does not mark them, or `max_length` is below 1.

    Example:
        >>> tokenizer = sv.text.HubTokenizer.from_preset("bert", max_length=100)
        >>> tokenizer.detokenize(tokenizer(["The cats ran"]).to_tensor()).numpy().tolist()
        [b'the cats ran']
    """

    pattern = None

    def __init__(self, tokenizer: Any, max_length: int | None = None):
        theirs = hub_ids(special_ids(tokenizer), tokenizer.vocabulary_size())
        tokens = tokenizer.get_vocabulary()
        vocabulary = PieceVocabulary(tokens[each] for each in theirs[len(SPECIALS) :])
        self._start(vocabulary, "hub", max_length)
        self._separator = ""
        self._hub = tokenizer
        self._theirs = theirs
        self._ours = np.full(tokenizer.vocabulary_size(), UNKNOWN_ID, np.int32)
        self._ours[theirs[len(SPECIALS) :]] = np.arange(len(SPECIALS), len(theirs))
        # Outside of a graph keras-hub gives lists of Python.
        self._to_hub = tf.function(
            tokenizer.tokenize, [tf.TensorSpec([None], tf.string)], autograph=False
        )
        self._from_hub = tf.function(
            tokenizer.detokenize, [tf.RaggedTensorSpec([None, None], tf.int32)], autograph=False
        )

    @classmethod
    def from_preset(cls, folder: str | os.PathLike, max_length: int | None = None):
        """The tokenizer of a preset in a local folder; nothing is downloaded.

        Raises:
            InputError: keras-hub is not installed, or the folder holds no such preset.
        """
        hub = read_preset(keras_hub().tokenizers.Tokenizer, os.fspath(folder))
        return cls(hub, max_length)

    @classmethod
    def from_folder(cls, folder: str | os.PathLike, max_length: int | None = None):
        """The tokenizer that `save_vocabulary` wrote.

        Raises:
            InputError: keras-hub is not installed, or the folder holds no such tokenizer.
        """
        path = Path(folder) / FOLDER
        keras_hub()
        try:
            config = json.loads((path / _CONFIG).read_text(encoding="utf-8"))
            tokenizer = keras.saving.deserialize_keras_object(config)
            tokenizer.load_assets(str(path))
        except Exception as error:
            raise InputError(f"cannot read the tokenizer {path}: {error}") from error
        return cls(tokenizer, max_length)

    def split(self, strings: tf.Tensor) -> tf.RaggedTensor:
        """Splits text, string `[n]`, into ids, ragged int32 `[n, (tokens)]`, uncut."""
        with tf.device("CPU"):
            strings = tf.strings.unicode_transcode(strings, "UTF-8", "UTF-8", errors="replace")
            theirs = self._to_hub(strings)
            return theirs.with_values(tf.gather(self._ours, theirs.values))

    def _look_up(self, tokens):
        return tokens

    def detokenize(self, ids: tf.Tensor) -> tf.Tensor:
        """Text of the tokens before the first `</s>`; arguments as for `Tokenizer`."""
        ids = id_rows(ids)
        with tf.device("CPU"):
            kept = tf.ragged.boolean_mask(tf.cast(ids, tf.int32), self._is_kept(ids))
            return self._from_hub(kept.with_values(tf.gather(self._theirs, kept.values)))

    def byte_lengths(self, words: tf.RaggedTensor) -> tf.Tensor:
        """UTF-8 bytes of the text that the first `max_length` tokens stand for, int64 `[n]`."""
        return tf.cast(tf.strings.length(self.detokenize(self.to_ids(words).to_tensor())), tf.int64)

    @cached_property
    def _fingerprint(self):
        with tempfile.TemporaryDirectory() as folder:
            self._write(Path(folder))
            digest = hashlib.sha256()
            for path in sorted(Path(folder).iterdir()):
                digest.update(f"{path.name}\n".encode() + path.read_bytes())
        return digest.hexdigest()

    def fingerprint(self) -> str:
        """SHA-256 of the files of the keras-hub tokenizer, as 64 hexadecimal digits."""
        return self._fingerprint

    def save_vocabulary(self, folder: str | os.PathLike) -> None:
        """Writes the keras-hub tokenizer, the folder `hub_tokenizer`."""
        with written_whole(Path(folder) / FOLDER) as temporary:
            temporary.mkdir()
            self._write(temporary)

    def _write(self, folder):
        config = keras.saving.serialize_keras_object(self._hub)
        config.pop("build_config", None)
        # Keras numbers the layers of a process.
        config["config"].pop("name", None)
        text = json.dumps(config, indent=2, sort_keys=True)
        (folder / _CONFIG).write_text(text, encoding="utf-8")
        self._hub.save_assets(str(folder))
