"""A split of a corpus as token ids in memory."""

from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import tensorflow as tf

from scale_vae_keras.data.corpus import Corpus
from scale_vae_keras.data.labelled_text import LabelledText
from scale_vae_keras.errors import InputError
from scale_vae_keras.text.tokenizer import Tokenizer, TokenizerKind, split_words
from scale_vae_keras.text.vocabulary import UNKNOWN_ID, Vocabulary

_BLOCK_LINES = 4096


@dataclass(frozen=True)
class EncodedSplit:
    """The sentences of a split, one after the other.

    Attributes:
        tokens: `<s> w ... </s>` ids of all sentences, int32 `[total]`.
        offsets: Sentence i is `tokens[offsets[i]:offsets[i + 1]]`, int64 `[sentences + 1]`.
        labels: A label for each sentence, or None where the corpus has none.
        empty: How many lines had no word and were left out.
        truncated: How many sentences were cut at the tokenizer's `max_length`.
    """

    tokens: np.ndarray
    offsets: np.ndarray
    labels: list[str] | None
    empty: int
    truncated: int

    @property
    def sentences(self) -> int:
        """How many sentences there are."""
        return len(self.offsets) - 1

    @property
    def lengths(self) -> np.ndarray:
        """Ids in each sentence, `<s>` and `</s>` counted, int64 `[sentences]`."""
        return np.diff(self.offsets)

    @property
    def words(self) -> int:
        """How many words there are, `<s>` and `</s>` not counted."""
        return len(self.tokens) - 2 * self.sentences

    @property
    def unknown(self) -> int:
        """How many of the words are `<unk>`."""
        return int(np.count_nonzero(self.tokens == UNKNOWN_ID))

    @property
    def max_length(self) -> int:
        """Words in the longest sentence."""
        return int(self.lengths.max()) - 2

    def first(self, count: int) -> "EncodedSplit":
        """The first sentences, all where there are fewer; the line counts stay.

        Raises:
            InputError: `count` is below 1.
        """
        if count < 1:
            raise InputError(f"the limit of sentences is {count}: give at least 1")
        offsets = self.offsets[: count + 1]
        labels = None if self.labels is None else self.labels[:count]
        return replace(self, tokens=self.tokens[: offsets[-1]], offsets=offsets, labels=labels)


def encode_split(corpus: Corpus, split: str, tokenizer: Tokenizer) -> EncodedSplit:
    """Tokenises a split, reading it block by block; lines without a word are left out.

    Raises:
        InputError: the split is unknown or has no sentence, or a line lacks its label.
    """
    tokens = array("i")
    lengths = array("q")
    labels = []
    empty = truncated = 0
    for block in _blocks(corpus, split):
        words = tokenizer.split([line.text for line in block])
        word_counts = words.row_lengths().numpy()
        filled = word_counts > 0
        ids = tokenizer.to_ids(tf.ragged.boolean_mask(words, filled))
        tokens.frombytes(ids.values.numpy().tobytes())
        lengths.frombytes(ids.row_lengths().numpy().tobytes())
        labels.extend(line.label for line, kept in zip(block, filled, strict=True) if kept)
        empty += int(np.count_nonzero(~filled))
        if tokenizer.max_length is not None:
            truncated += int(np.count_nonzero(word_counts > tokenizer.max_length))
    if not lengths:
        raise InputError(f"the {split} split of {corpus.name} has no sentence: give at least one")
    return EncodedSplit(
        tokens=np.frombuffer(tokens, np.int32),
        offsets=np.concatenate([[0], np.cumsum(np.frombuffer(lengths, np.int64))]),
        labels=labels if corpus.has_labels else None,
        empty=empty,
        truncated=truncated,
    )


def build_vocabulary(
    corpus: Corpus, kind: TokenizerKind, limit: int | None = None, min_count: int = 1
) -> Vocabulary:
    """Takes the corpus's own vocabulary, or counts the words of its train split.

    Args:
        corpus: The corpus.
        kind: How text is split into words, see `split_words`.
        limit: The largest size of a counted vocabulary, its four special tokens included.
        min_count: A word that is rarer in train is left out of a counted vocabulary.

    Raises:
        InputError: the corpus's vocabulary is not fit, or no word is left.
    """
    if corpus.vocabulary_path is not None:
        return Vocabulary.from_file(corpus.vocabulary_path)
    counts = Counter()
    for block in _blocks(corpus, "train"):
        words = split_words([line.text for line in block], kind)
        counts.update(words.values.numpy().tolist())
    return Vocabulary.from_counts(
        {word.decode(): count for word, count in counts.items()}, limit, min_count
    )


def _blocks(corpus: Corpus, split: str) -> Iterator[list[LabelledText]]:
    lines = corpus.lines(split)
    while block := list(islice(lines, _BLOCK_LINES)):
        yield block
