"""Strings to token ids and back, in graph mode."""

import hashlib
import os
from pathlib import Path

import tensorflow as tf

from scale_vae_keras.custom import is_custom
from scale_vae_keras.errors import InputError
from scale_vae_keras.files import write_json
from scale_vae_keras.settings import whole_number
from scale_vae_keras.text.splitting import WORD_KINDS, TokenizerKind, check_kind, split_words
from scale_vae_keras.text.vocabulary import END_ID, PAD_ID, START_ID, UNKNOWN_ID, Vocabulary

SETTINGS_FILE = "tokenizer.json"


def id_rows(ids: tf.Tensor) -> tf.Tensor | tf.RaggedTensor:
    """Ids of sentences as a tensor, integer `[n, time]`, ragged where they were.

    Raises:
        InputError: they have another number of dimensions.
    """
    ids = ids if isinstance(ids, tf.RaggedTensor) else tf.convert_to_tensor(ids)
    if ids.shape.rank not in (None, 2):
        raise InputError(f"ids must be rows of sentences, [n, time], got the shape {ids.shape}")
    return ids


class Tokenizer(tf.Module):
    """Turns text into `<s> w ... </s>` ids and ids into text, by a rule and a list of tokens.

    Every token outside the vocabulary has the id of `<unk>`, as have the markers of unknown words
    (`_UNK`, `<unk>`, `UNK`) of text that is tokenised already. Runs eagerly, in `tf.function`, in
    `tf.data` and in a SavedModel that tracks it; in a graph its operations are placed on the CPU.

    `detokenize` joins words with single spaces, and characters and matches of a pattern with
    nothing: of these, text whose tokens are all in the vocabulary comes back as it was.

    Another tokenizer is a subclass that replaces `split`, `to_ids` and `save_vocabulary`.

    Args:
        vocabulary: the tokens and their ids: a `Vocabulary` for words, a `PieceVocabulary` where
            tokens may hold white space.
        kind: how text is split, see `split_words`; by default as the vocabulary's was, or "words".
        max_length: longer sentences are cut after this many tokens; None cuts nothing.
        pattern: what a token is for kind `"regex"`, in the syntax of RE2.

    Attributes:
        vocabulary: the tokens in id order.
        kind: how text is split.
        max_length: as given.
        pattern: as given.

    Raises:
        InputError: `kind` is unknown or not the vocabulary's, `max_length` is below 1, or the
            pattern cannot be read.

    Example:
        >>> tokenizer = sv.text.Tokenizer(sv.text.Vocabulary(["the", "cat", "sat"]))
        >>> ids = tokenizer(["the cat sat", "the dog"])
        >>> ids.to_list()
        [[1, 4, 5, 6, 2], [1, 4, 3, 2]]
        >>> tokenizer.detokenize(ids.to_tensor()).numpy().tolist()
        [b'the cat sat', b'the <unk>']
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        kind: TokenizerKind | None = None,
        max_length: int | None = None,
        pattern: str | None = None,
    ):
        counted = vocabulary.kind
        if None not in (kind, counted) and kind != counted:
            raise InputError(
                f"the vocabulary was counted in text that was split by {counted!r}, not {kind!r}: "
                "leave the kind out, or count another"
            )
        kind = kind or counted or "words"
        check_kind(kind, pattern)
        self._start(vocabulary, kind, max_length)
        self.pattern = pattern
        self._separator = " " if kind in WORD_KINDS else ""
        self._tokens = tf.constant(vocabulary.tokens)
        first_word = UNKNOWN_ID + 1
        self._table = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(
                self._tokens[first_word:], tf.range(first_word, len(vocabulary))
            ),
            default_value=UNKNOWN_ID,
        )

    def _start(self, vocabulary, kind, max_length):
        super().__init__()
        if max_length is not None:
            max_length = whole_number("max_length", max_length, 1)
        self.vocabulary = vocabulary
        self.kind = kind
        self.max_length = max_length

    def split(self, strings: tf.Tensor) -> tf.RaggedTensor:
        """Splits text, string `[n]`, into tokens, uncut.

        Returns:
            What `to_ids` takes, ragged `[n, (tokens)]`: here strings.
        """
        with tf.device("CPU"):
            return split_words(strings, self.kind, self.pattern)

    def to_ids(self, words: tf.RaggedTensor) -> tf.RaggedTensor:
        """Looks up what `split` gave, cut at `max_length`.

        Args:
            words: ragged `[n, (tokens)]`.

        Returns:
            `<s> w ... </s>` ids, ragged int32 `[n, (tokens + 2)]`.
        """
        with tf.device("CPU"):
            # Ids are cut rather than words, whose strings would be copied.
            ids = words.with_values(self._look_up(words.values))[:, : self.max_length]
            column = tf.ones([ids.nrows(), 1], tf.int32)
            return tf.concat([column * START_ID, ids, column * END_ID], axis=1)

    def _look_up(self, tokens):
        return self._table.lookup(tokens)

    def __call__(self, strings: tf.Tensor) -> tf.RaggedTensor:
        """Tokenises text, string `[n]`: `<s> w ... </s>` ids, ragged int32 `[n, (tokens + 2)]`.

        Raises:
            InputError: it is one string, or something else than a list of them.
        """
        try:
            strings = tf.convert_to_tensor(strings, tf.string)
        except (TypeError, ValueError) as error:
            raise InputError(
                "a tokenizer takes a list of strings that UTF-8 can write, and this is none"
            ) from error
        if strings.shape.rank == 0:
            raise InputError("a tokenizer takes a list of strings, not one: write [text]")
        if strings.shape.rank not in (None, 1):
            raise InputError(
                f"a tokenizer takes a list of strings, [n], got the shape {strings.shape}"
            )
        return self.to_ids(self.split(strings))

    def detokenize(self, ids: tf.Tensor) -> tf.Tensor:
        """Joins the tokens before the first `</s>`.

        Args:
            ids: token ids, integer `[n, time]`, with or without `<s>` and padding.

        Returns:
            Text, string `[n]`, without `<pad>` and `<s>`.

        Raises:
            InputError: the ids are those of one sentence, and no list of sentences.
        """
        ids = id_rows(ids)
        with tf.device("CPU"):
            tokens = tf.ragged.boolean_mask(tf.gather(self._tokens, ids), self._is_kept(ids))
            return self._finish(tf.strings.reduce_join(tokens, axis=1, separator=self._separator))

    def _is_kept(self, ids):
        ended = tf.cumsum(tf.cast(ids == END_ID, tf.int32), axis=1) > 0
        return ~ended & (ids != PAD_ID) & (ids != START_ID)

    def _finish(self, joined):
        return joined

    def byte_lengths(self, words: tf.RaggedTensor) -> tf.Tensor:
        """UTF-8 bytes of the text that the first `max_length` tokens stand for.

        Words count as joined with single spaces, in the form that `split` brought them to.

        Args:
            words: what `split` gave, ragged `[n, (tokens)]`.

        Returns:
            int64 `[n]`.
        """
        text = tf.strings.reduce_join(
            words[:, : self.max_length], axis=1, separator=self._separator
        )
        return tf.cast(tf.strings.length(text), tf.int64)

    def fingerprint(self) -> str:
        """SHA-256 of the vocabulary, and of the pattern where there is one: 64 hex digits."""
        if self.pattern is None:
            return self.vocabulary.fingerprint()
        return hashlib.sha256(
            f"{self.vocabulary.fingerprint()}\n{self.pattern}".encode()
        ).hexdigest()

    def settings(self) -> dict[str, str | int | None]:
        """What `load_tokenizer` needs besides the vocabulary's file, ready for JSON."""
        settings = {"kind": self.kind, "max_length": self.max_length}
        return settings if self.pattern is None else {**settings, "pattern": self.pattern}

    def check_loadable(self) -> None:
        """Refuses a class that `load_tokenizer` does not know.

        Raises:
            InputError: it is none of this package's.
        """
        if is_custom(type(self)):
            raise InputError(
                f"{type(self).__name__} is a tokenizer of your own, and loading would make another "
                "one: save the model alone, and give sv.TextModel both again"
            )

    def save(self, folder: str | os.PathLike) -> None:
        """Writes `tokenizer.json` and the vocabulary's file, each whole, for `load_tokenizer`.

        Raises:
            InputError: it is a class of your own, see `check_loadable`.
        """
        self.check_loadable()
        write_json(Path(folder) / SETTINGS_FILE, self.settings())
        self.save_vocabulary(folder)

    def save_vocabulary(self, folder: str | os.PathLike) -> None:
        """Writes only the vocabulary's file: `vocabulary.txt`, or `vocabulary.json` of pieces."""
        self.vocabulary.save(Path(folder) / self.vocabulary.file_name)
