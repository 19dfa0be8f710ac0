"""A split of a corpus as token ids in memory."""

import logging
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from scale_vae_keras.categories import Categories, Numbering
from scale_vae_keras.data.corpus import Corpus
from scale_vae_keras.data.encoded_blocks import encode_list, encoded_blocks, line_blocks
from scale_vae_keras.errors import InputError
from scale_vae_keras.settings import whole_number
from scale_vae_keras.text.lines import check_writable, one_line
from scale_vae_keras.text.loading import vocabulary_class
from scale_vae_keras.text.rare_words import choose_min_count
from scale_vae_keras.text.splitting import WORD_KINDS, TokenizerKind, check_kind, split_words
from scale_vae_keras.text.text_list import text_list
from scale_vae_keras.text.tokenizer import Tokenizer
from scale_vae_keras.text.vocabulary import END_ID, START_ID, UNKNOWN_ID, Vocabulary

_logger = logging.getLogger("scale_vae_keras")

# A look at all sentences takes so many at a time, whatever their number.
_BLOCK = 1 << 20


@dataclass(frozen=True)
class EncodedSplit:
    """The sentences of a split, concatenated.

    Attributes:
        tokens: `<s> w ... </s>` ids of all sentences, int32 `[total]`.
        offsets: sentence i is `tokens[offsets[i]:offsets[i + 1]]`, int64 `[sentences + 1]`.
        labels: a label for each sentence, given as strings and held as numbers; or None where the
            corpus has none.
        empty: number of lines without words, which were left out; None of a part of a split.
        truncated: number of sentences that were cut at the tokenizer's `max_length`; None of a part
            of a split.
        text_bytes: UTF-8 bytes of each sentence, int64 `[sentences]`, for bits per byte:
            nats / (ln 2 * bytes). They are those of the line as it stands in the corpus, without
            its label and its end; of a sentence that was cut, those of the text that its tokens
            stand for, see `Tokenizer.byte_lengths`. None for sentences that are not from text.
        label_numbers: the labels that batches hold next to the ids, int32 `[sentences]`, see
            `conditions.numbered`; None for batches with ids only.

    Example:
        >>> tokens, offsets = np.array([1, 4, 5, 2, 1, 5, 2], np.int32), np.array([0, 4, 7])
        >>> split = sv.data.EncodedSplit(tokens, offsets, labels=None, empty=0, truncated=0)
        >>> split.sentences, split.words, split.lengths.tolist()
        (2, 3, [4, 3])
    """

    tokens: np.ndarray
    offsets: np.ndarray
    labels: Categories | None
    empty: int | None
    truncated: int | None
    text_bytes: np.ndarray | None = None
    label_numbers: np.ndarray | None = None

    def __post_init__(self):
        if self.labels is not None:
            object.__setattr__(self, "labels", Categories.of(self.labels))

    @property
    def sentences(self) -> int:
        """How many sentences there are."""
        return len(self.offsets) - 1

    @property
    def lengths(self) -> np.ndarray:
        """Ids in each sentence, `<s>` and including `</s>`, int64 `[sentences]`."""
        return np.diff(self.offsets)

    @property
    def words(self) -> int:
        """How many words there are, `<s>` and `</s>` not counted."""
        return len(self.tokens) - 2 * self.sentences

    @cached_property
    def unknown(self) -> int:
        """How many of the words are `<unk>`."""
        return sum(int(np.count_nonzero(each == UNKNOWN_ID)) for each in self.token_blocks())

    @cached_property
    def max_length(self) -> int:
        """Words in the longest sentence."""
        firsts = range(0, self.sentences, _BLOCK)
        return max(int(np.diff(self.offsets[at : at + _BLOCK + 1]).max()) for at in firsts) - 2

    def token_blocks(self) -> Iterator[np.ndarray]:
        """All tokens, about a million at a time."""
        return (self.tokens[at : at + _BLOCK] for at in range(0, len(self.tokens), _BLOCK))

    def lengths_of(self, rows: np.ndarray) -> np.ndarray:
        """As `lengths`, of some sentences, int64 `[rows]`."""
        return self.offsets[rows + 1] - self.offsets[rows]

    def padded(self, rows: np.ndarray, first: int = 0, end: int | None = None) -> np.ndarray:
        """The ids of some sentences, right padded with 0 to the longest, int32 `[rows, time]`.

        Args:
            rows: which sentences, int `[rows]`.
            first: the first of the rows whose tokens are read; another row is `<s> </s>`.
            end: the end of those that are read; None for the last one.
        """
        lengths = self.lengths_of(rows)
        ids = np.zeros((len(rows), lengths.max(initial=0)), np.int32)
        read = slice(first, end)
        lengths = lengths[read]
        before = np.cumsum(lengths) - lengths
        places = np.arange(lengths.sum()) + np.repeat(self.offsets[rows[read]] - before, lengths)
        ids[read][np.arange(ids.shape[1]) < lengths[:, np.newaxis]] = self.tokens[places]
        if first or end is not None:
            for others in (ids[:first], ids[len(rows) if end is None else end :]):
                others[:, 0], others[:, 1] = START_ID, END_ID
        return ids

    def first(self, count: int) -> "EncodedSplit":
        """The first sentences, whose lines are not counted, or all if there are no more.

        Raises:
            InputError: `count` is below 1.
        """
        count = whole_number("the limit of sentences", count, 1)
        if count >= self.sentences:
            return self
        offsets = self.offsets[: count + 1]
        return replace(
            self,
            tokens=self.tokens[: offsets[-1]],
            offsets=offsets,
            labels=None if self.labels is None else self.labels[:count],
            text_bytes=None if self.text_bytes is None else self.text_bytes[:count],
            label_numbers=None if self.label_numbers is None else self.label_numbers[:count],
            empty=None,
            truncated=None,
        )

    def spread(self, most: int) -> "EncodedSplit":
        """Evenly spaced sentences, or the split itself if it has no more; the counts are unchanged.

        Raises:
            InputError: `most` is below 1.
        """
        most = whole_number("the limit of sentences", most, 1)
        if self.sentences <= most:
            return self
        rows = np.linspace(0, self.sentences - 1, most).astype(np.int64)
        lengths = self.lengths_of(rows)
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        places = np.repeat(self.offsets[rows] - offsets[:-1], lengths) + np.arange(offsets[-1])
        return replace(
            self,
            tokens=self.tokens[places],
            offsets=offsets,
            labels=None if self.labels is None else self.labels[rows],
            text_bytes=None if self.text_bytes is None else self.text_bytes[rows],
            label_numbers=None if self.label_numbers is None else self.label_numbers[rows],
        )


def encode_split(corpus: Corpus, split: str, tokenizer: Tokenizer) -> EncodedSplit:
    """Tokenises a split, reading it block by block; lines of only white space are left out.

    Raises:
        InputError: the split is unknown or has no sentence, or a line lacks its label.

    Example:
        >>> corpus = sv.data.corpus_from(["the cat", "the cat sat"], ["a cat"], ["the dog"])
        >>> tokenizer = sv.text.Tokenizer(sv.data.build_vocabulary(corpus, "words"))
        >>> test = sv.data.encode_split(corpus, "test", tokenizer)
        >>> test.tokens.tolist(), test.unknown
        ([1, 5, 3, 2], 1)
    """
    tokens = array("i")
    lengths = array("q")
    text_bytes = array("q")
    labels, codes = Numbering(), array("i")
    empty = truncated = 0
    for block in encoded_blocks(corpus.lines(split), tokenizer):
        tokens.frombytes(block.tokens.tobytes())
        lengths.frombytes(block.lengths.tobytes())
        text_bytes.frombytes(block.text_bytes.tobytes())
        if corpus.has_labels:
            codes.frombytes(labels.numbers(block.labels).tobytes())
        empty += block.empty
        truncated += block.truncated
    if not lengths:
        raise no_sentence(corpus, split)
    codes = np.frombuffer(codes, np.int32)
    return EncodedSplit(
        tokens=np.frombuffer(tokens, np.int32),
        offsets=np.concatenate([[0], np.cumsum(np.frombuffer(lengths, np.int64))]),
        labels=Categories(codes, labels.names) if corpus.has_labels else None,
        empty=empty,
        truncated=truncated,
        text_bytes=np.frombuffer(text_bytes, np.int64),
    )


def no_sentence(corpus: Corpus, split: str) -> InputError:
    """The error of a split of nothing but empty lines."""
    return InputError(f"the {split} split of {corpus.name} has no sentence: give at least one")


def encode_texts(texts: str | Iterable[str], tokenizer: Tokenizer) -> EncodedSplit:
    """Tokenises texts, one sentence each; an empty one stays, as a sentence without words.

    Tabs and line breaks become spaces, as in a corpus. A warning says how many were cut.

    Args:
        texts: any number of them; a string is one text.
        tokenizer: turns them into ids.

    Raises:
        InputError: there is no text, or something that is not a string or that UTF-8 cannot write.
    """
    texts = text_list(texts)
    if not texts:
        raise InputError("give at least one text")
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            raise InputError(f"text {number} is of type {type(text).__name__}: give strings")
        check_writable(text, f"text {number}")
    block = encode_list([one_line(text) for text in texts], tokenizer)
    if block.truncated:
        _logger.warning(
            "%d of %d texts were cut after %d tokens, the tokenizer's max_length",
            *(block.truncated, len(texts), tokenizer.max_length),
        )
    return EncodedSplit(
        tokens=block.tokens,
        offsets=np.concatenate([[0], np.cumsum(block.lengths)]),
        labels=None,
        empty=0,
        truncated=block.truncated,
        text_bytes=block.text_bytes,
    )


def build_vocabulary(
    corpus: Corpus,
    kind: TokenizerKind,
    limit: int | None = None,
    min_count: int | None = 1,
    pattern: str | None = None,
) -> Vocabulary:
    """Takes the corpus's own vocabulary, or counts the tokens of its train split.

    The corpus's own is one of words: characters and matches of a pattern are always counted.

    Args:
        corpus: the corpus.
        kind: how text is split into tokens, see `split_words`.
        limit: the largest size of a counted vocabulary, its four special tokens included.
        min_count: a token that is rarer in train is left out of a counted vocabulary. None, for
            words and raw text, leaves out so many that `<unk>` can be learnt, see
            `choose_min_count`; for other kinds it leaves out none.
        pattern: what a token is for kind `"regex"`.

    Raises:
        InputError: the corpus's vocabulary or an argument is invalid, or no token is left.

    Example:
        >>> corpus = sv.data.corpus_from(["the cat", "the cat sat"], ["a cat"], ["the dog"])
        >>> sv.data.build_vocabulary(corpus, "words", min_count=2).tokens
        ('<pad>', '<s>', '</s>', '<unk>', 'cat', 'the')
    """
    check_kind(kind, pattern)
    if has_own_vocabulary(corpus, kind):
        return own_vocabulary(corpus)
    counts = count_tokens(corpus, kind, pattern)
    if min_count is None:
        min_count = choose_min_count(counts, limit).min_count if kind in WORD_KINDS else 1
    vocabulary = vocabulary_class(kind).from_counts(counts, limit, min_count)
    vocabulary.kind = kind
    return vocabulary


def has_own_vocabulary(corpus: Corpus, kind: str) -> bool:
    """Whether the corpus comes with the vocabulary that a tokenizer of this kind takes."""
    return kind in WORD_KINDS and corpus.vocabulary_path is not None


def own_vocabulary(corpus: Corpus) -> Vocabulary:
    """The vocabulary that the corpus comes with, in the encoding of its text.

    Raises:
        InputError: it is invalid, see `Vocabulary.from_file`.
    """
    return Vocabulary.from_file(corpus.vocabulary_path, getattr(corpus, "encoding", None))


def count_tokens(corpus: Corpus, kind: TokenizerKind, pattern: str | None = None) -> dict[str, int]:
    """How often each token occurs in the train split.

    Args:
        corpus: the corpus.
        kind: how text is split into tokens, see `split_words`.
        pattern: what a token is for kind `"regex"`.
    """
    counts = Counter()
    for texts, _ in line_blocks(corpus.lines("train")):
        words = split_words(texts, kind, pattern)
        counts.update(words.values.numpy().tolist())
    return {word.decode(): count for word, count in counts.items()}
