"""Lines to ids, block by block, several blocks at once and in order."""

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import compress
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from scale_vae_keras.text.labelled_text import LabelledText
from scale_vae_keras.text.tokenizer import Tokenizer
from scale_vae_keras.text.white_space import is_blank

# A call of the tokenizer has a fixed cost; memory is bounded by the characters.
_BLOCK_LINES = 1 << 14
_BLOCK_CHARACTERS = 1 << 20
_MOST_WORKERS = 8


class EncodedBlock(NamedTuple):
    """The sentences of a block of lines.

    Attributes:
        tokens: `<s> w ... </s>` ids of all sentences, int32 `[total]`.
        lengths: ids in each sentence, int64 `[sentences]`.
        text_bytes: UTF-8 bytes of each sentence's text, int64 `[sentences]`, as in `EncodedSplit`.
        labels: a label for each sentence.
        empty: how many lines had no word and were left out.
        truncated: how many sentences were cut.
    """

    tokens: np.ndarray
    lengths: np.ndarray
    text_bytes: np.ndarray
    labels: list[str | None]
    empty: int
    truncated: int


def line_blocks(lines: Iterator[LabelledText]) -> Iterator[tuple[list[str], list[str | None]]]:
    """Gathers lines into blocks that are worth a call of a tokenizer and fit into memory.

    Texts and labels apart: strings alone set off no collection of garbage, which with TensorFlow
    in the process would take as long as the reading.

    Yields:
        The texts of a block and their labels.
    """
    texts, labels, characters = [], [], 0
    for label, text in lines:
        texts.append(text)
        labels.append(label)
        characters += len(text)
        if len(texts) == _BLOCK_LINES or characters >= _BLOCK_CHARACTERS:
            yield texts, labels
            texts, labels, characters = [], [], 0
    if texts:
        yield texts, labels


def encoded_blocks(lines: Iterator[LabelledText], tokenizer: Tokenizer) -> Iterator[EncodedBlock]:
    """Tokenises lines on several threads; blocks come in the order of the lines."""
    workers = min(os.cpu_count(), _MOST_WORKERS)
    with ThreadPoolExecutor(workers) as pool:
        pending = deque()
        for texts, labels in line_blocks(lines):
            pending.append(pool.submit(_encode, texts, labels, tokenizer))
            if len(pending) > workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def encode_list(texts: list[str], tokenizer: Tokenizer) -> EncodedBlock:
    """Tokenises texts at once; one without words stays, as a sentence without words."""
    return _arrays(texts, [None] * len(texts), tokenizer)


def _encode(texts, labels, tokenizer):
    lines = len(texts)
    not_blank = [not is_blank(text) for text in texts]
    if not all(not_blank):
        texts, labels = list(compress(texts, not_blank)), list(compress(labels, not_blank))
    every = _arrays(texts, labels, tokenizer)
    filled = every.lengths > 2
    if not filled.all():
        # Text without a token, such as one of soft hyphens to `raw`.
        every = every._replace(
            tokens=every.tokens[np.repeat(filled, every.lengths)],
            lengths=every.lengths[filled],
            text_bytes=every.text_bytes[filled],
            labels=list(compress(every.labels, filled)),
        )
    return every._replace(empty=lines - len(every.labels))


def _arrays(texts, labels, tokenizer):
    words = tokenizer.split(tf.constant(texts, tf.string))
    ids = tokenizer.to_ids(words)
    text_bytes = np.array([len(text.encode()) for text in texts], np.int64)
    truncated = 0
    if tokenizer.max_length is not None:
        cut = words.row_lengths().numpy() > tokenizer.max_length
        truncated = int(np.count_nonzero(cut))
        if truncated:
            text_bytes[cut] = tokenizer.byte_lengths(tf.ragged.boolean_mask(words, cut)).numpy()
    return EncodedBlock(
        ids.values.numpy(), ids.row_lengths().numpy(), text_bytes, labels, 0, truncated
    )
