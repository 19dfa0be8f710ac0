"""Strings to token ids and back, in graph mode."""

from typing import Literal

import tensorflow as tf
import tensorflow_text

from scale_vae_keras.errors import InputError
from scale_vae_keras.text.vocabulary import END_ID, PAD_ID, START_ID, UNKNOWN_ID, Vocabulary

TokenizerKind = Literal["words", "raw"]


def split_words(strings: tf.Tensor, kind: TokenizerKind) -> tf.RaggedTensor:
    """Splits text into words.

    Args:
        strings: Text, string `[n]`. Bytes that are not UTF-8 are replaced by U+FFFD.
        kind: `"words"` splits at white space and changes nothing, for text that is tokenised
            already. `"raw"` is for any other text: Unicode form NFKC, case folding, and a split
            wherever the script changes, so that punctuation stands alone.

    Returns:
        The words, ragged string `[n, (words)]`.

    Raises:
        InputError: `kind` is neither of the two.
    """
    strings = tf.strings.unicode_transcode(strings, "UTF-8", "UTF-8", errors="replace")
    if kind == "words":
        return tensorflow_text.WhitespaceTokenizer().tokenize(strings)
    if kind == "raw":
        strings = tensorflow_text.case_fold_utf8(tensorflow_text.normalize_utf8(strings, "NFKC"))
        return tensorflow_text.UnicodeScriptTokenizer().tokenize(strings)
    raise InputError(f'unknown tokenizer "{kind}": choose words or raw')


class Tokenizer(tf.Module):
    """Turns text into `<s> w ... </s>` ids and ids into text.

    Every word outside the vocabulary has the id of `<unk>`, as have the markers of unknown words
    (`_UNK`, `<unk>`, `UNK`) of text that is tokenised already. Runs eagerly, in `tf.function`, in
    `tf.data` and in a SavedModel that tracks it.

    Args:
        vocabulary: The words and their ids.
        kind: How text is split, see `split_words`.
        max_length: Longer sentences are cut after this many words; None cuts nothing.

    Raises:
        InputError: `kind` is unknown or `max_length` is below 1.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        kind: TokenizerKind = "words",
        max_length: int | None = None,
    ):
        super().__init__()
        if kind not in ("words", "raw"):
            raise InputError(f'unknown tokenizer "{kind}": choose words or raw')
        if max_length is not None and max_length < 1:
            raise InputError(f"max_length is {max_length}: allow at least 1 word a sentence")
        self.vocabulary = vocabulary
        self.kind = kind
        self.max_length = max_length
        self._tokens = tf.constant(vocabulary.tokens)
        first_word = UNKNOWN_ID + 1
        self._table = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(
                self._tokens[first_word:], tf.range(first_word, len(vocabulary))
            ),
            default_value=UNKNOWN_ID,
        )

    def split(self, strings: tf.Tensor) -> tf.RaggedTensor:
        """Splits text, string `[n]`, into words, ragged string `[n, (words)]`, uncut."""
        return split_words(strings, self.kind)

    def to_ids(self, words: tf.RaggedTensor) -> tf.RaggedTensor:
        """Looks up words, ragged string `[n, (words)]`: ids, ragged int32 `[n, (words + 2)]`."""
        words = words[:, : self.max_length]
        ids = words.with_values(self._table.lookup(words.values))
        column = tf.ones([ids.nrows(), 1], tf.int32)
        return tf.concat([column * START_ID, ids, column * END_ID], axis=1)

    def __call__(self, strings: tf.Tensor) -> tf.RaggedTensor:
        """Tokenises text, string `[n]`: `<s> w ... </s>` ids, ragged int32 `[n, (words + 2)]`."""
        return self.to_ids(self.split(strings))

    def detokenize(self, ids: tf.Tensor) -> tf.Tensor:
        """Joins the words before the first `</s>` with single spaces.

        Args:
            ids: Token ids, integer `[n, time]`, with or without `<s>` and padding.

        Returns:
            Text, string `[n]`, without `<pad>` and `<s>`.
        """
        ended = tf.cumsum(tf.cast(ids == END_ID, tf.int32), axis=1) > 0
        kept = ~ended & (ids != PAD_ID) & (ids != START_ID)
        words = tf.ragged.boolean_mask(tf.gather(self._tokens, ids), kept)
        return tf.strings.reduce_join(words, axis=1, separator=" ")
