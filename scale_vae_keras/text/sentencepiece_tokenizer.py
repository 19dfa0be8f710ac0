"""Subwords of a SentencePiece model."""

import hashlib
import os
import re
from pathlib import Path

import tensorflow as tf
import tensorflow_text
from sentencepiece.sentencepiece_model_pb2 import ModelProto, TrainerSpec
from tensorflow_text.python.ops.sentencepiece_tokenizer import gen_sentencepiece_tokenizer

from scale_vae_keras.errors import InputError
from scale_vae_keras.files import written_whole
from scale_vae_keras.quiet import quiet_standard_error
from scale_vae_keras.text.escapes import escape_strings, unescape_strings
from scale_vae_keras.text.piece_vocabulary import PieceVocabulary
from scale_vae_keras.text.tokenizer import Tokenizer
from scale_vae_keras.text.vocabulary import SPECIALS

MODEL_FILE = "tokenizer.model"
_BYTE = re.compile(rb"<0x([0-9A-F]{2})>")
_SPACE = "\u2581".encode()
# Stands for a text of no characters, which is not a space between two spaces: no UTF-8.
_NOTHING = b"\xff"


class _SharedModel(tf.saved_model.experimental.TrackableResource):
    """The model in TensorFlow's keeping, on the CPU under a name of its own.

    That of tensorflow_text has no device, so that a GPU server may look for it on the GPU, and no
    name: then it belongs to a cached kernel, and `keras.utils.set_random_seed` and `clear_session`,
    which empty the cache, delete it.
    """

    def __init__(self, model):
        super().__init__(device="CPU")
        self._model = model

    def _create_resource(self):
        name = hashlib.sha256(self._model).hexdigest()
        return gen_sentencepiece_tokenizer.sentencepiece_op(model=self._model, shared_name=name)


class SentencePieceTokenizer(Tokenizer):
    """Turns text into subwords and back, without unknown words (Kudo and Richardson, 2018).

    What the model's pieces do not cover is written byte by byte, so that for all text in UTF-8
    `detokenize(tokenizer(text)) == text`, white space, control characters and NUL included, and no
    id is `<unk>`. Bytes that are not UTF-8 are replaced by U+FFFD, as are bytes in ids that a
    model wrote and that are no UTF-8 together.

    `split` gives ids, ragged int32 `[n, (tokens)]`: the text of a piece says less than its id.

    Args:
        model: a SentencePiece model as `train_sentencepiece` makes it: `<pad>`, `<s>`, `</s>` and
            `<unk>` have ids 0 to 3, a space is put before every text, nothing is normalised, and
            there is a piece for every byte.
        max_length: longer sentences are cut after this many tokens; None cuts nothing.

    Attributes:
        model: as given.
        vocabulary: the pieces in id order, a space as U+2581, a byte as `<0x41>`.

    Raises:
        InputError: `model` is not such a model, or `max_length` is below 1.

    Example:
        >>> lines = ["the cat sat", "the cat ran", "a dog sat"]
        >>> model = sv.text.train_sentencepiece(lambda: lines, size=320)
        >>> tokenizer = sv.text.SentencePieceTokenizer(model)
        >>> tokenizer.detokenize(tokenizer(["the zebra ran"]).to_tensor()).numpy().tolist()
        [b'the zebra ran']
    """

    pattern = None

    def __init__(self, model: bytes, max_length: int | None = None):
        # The library says on loading that there is no normalisation.
        with tf.device("CPU"), quiet_standard_error():
            try:
                pieces = tensorflow_text.SentencepieceTokenizer(model)
                pieces._model_resource = _SharedModel(model)
                ids = tf.range(pieces.vocab_size())
                texts = pieces.id_to_string(ids).numpy().tolist()
            except tf.errors.OpError:
                texts = []
        if tuple(text.decode() for text in texts[: len(SPECIALS)]) != SPECIALS:
            raise InputError(
                f"this is not a SentencePiece model whose first pieces are {', '.join(SPECIALS)}"
            )
        if sum(_BYTE.fullmatch(text) is not None for text in texts) != 256:
            raise InputError("the SentencePiece model has no byte fallback: train it with one")
        vocabulary = PieceVocabulary(text.decode() for text in texts[len(SPECIALS) :])
        self._start(vocabulary, "sentencepiece", max_length)
        self.model = model
        self._pieces = pieces
        self._separator = ""
        self._tokens = tf.constant([_text_of(text) for text in texts])
        self._space = None
        if _cuts_words_apart(model):
            two_spaces = self._pieces.tokenize([" "]).to_tensor()
            self._space = two_spaces[:, : two_spaces.shape[1] // 2]

    def split(self, strings: tf.Tensor) -> tf.RaggedTensor:
        """Splits text, string `[n]`, into ids, ragged int32 `[n, (tokens)]`, uncut."""
        with tf.device("CPU"):
            strings = tf.strings.unicode_transcode(strings, "UTF-8", "UTF-8", errors="replace")
            strings = escape_strings(strings)
            if self._space is None:
                return self._pieces.tokenize(strings)
            return self._split_distinct_words(strings)

    def _split_distinct_words(self, strings):
        # BPE takes long, and text repeats its words: each is cut once. The model puts back the
        # space before each; between two spaces stands a word of no characters.
        strings = tf.where(strings == "", _NOTHING, strings)
        words = tf.strings.split(strings, " ")
        distinct, places = tf.unique(words.values)
        pieces = self._pieces.tokenize(tf.where(distinct == _NOTHING, "", distinct))
        pieces = tf.concat([pieces, self._space], axis=0)
        rows = tf.where(distinct == "", tf.size(distinct), tf.range(tf.size(distinct)))
        return words.with_values(tf.gather(pieces, tf.gather(rows, places))).merge_dims(1, 2)

    def _look_up(self, tokens):
        return tokens

    def _finish(self, joined):
        # The first space is the one that the model puts before every text.
        text = unescape_strings(tf.strings.regex_replace(joined, "^ ", ""))
        return tf.strings.unicode_transcode(text, "UTF-8", "UTF-8", errors="replace")

    def byte_lengths(self, words: tf.RaggedTensor) -> tf.Tensor:
        """UTF-8 bytes of the text that the first `max_length` tokens stand for, int64 `[n]`."""
        return tf.cast(tf.strings.length(self.detokenize(self.to_ids(words).to_tensor())), tf.int64)

    def fingerprint(self) -> str:
        """SHA-256 of the model, as 64 hexadecimal digits."""
        return hashlib.sha256(self.model).hexdigest()

    def save_vocabulary(self, folder: str | os.PathLike) -> None:
        """Writes the model, `tokenizer.model`."""
        with written_whole(Path(folder) / MODEL_FILE) as temporary:
            temporary.write_bytes(self.model)


def _cuts_words_apart(model):
    """Whether a text's ids are those of its words, one after the other.

    So with BPE, which merges pairs of pieces, if no piece holds a space but as its first character.
    Not with unigram, where rounding of the sum over all pieces before it may decide about a word.
    """
    proto = ModelProto.FromString(model)
    return proto.trainer_spec.model_type == TrainerSpec.BPE and not any(
        _SPACE.decode() in piece.piece[1:] for piece in proto.pieces
    )


def _text_of(piece):
    byte = _BYTE.fullmatch(piece)
    return bytes([int(byte[1], 16)]) if byte else piece.replace(_SPACE, b" ")
