"""Trains SentencePiece models."""

import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, get_args

import numpy as np
import sentencepiece

from scale_vae_keras.errors import InputError
from scale_vae_keras.settings import whole_number
from scale_vae_keras.text.escapes import escape
from scale_vae_keras.text.vocabulary import END_ID, PAD_ID, SPECIALS, START_ID, UNKNOWN_ID

SentencePieceAlgorithm = Literal["unigram", "bpe"]
DEFAULT_SIZE = 8_000
SMALLEST_SIZE = 320
SAMPLE_BYTES = 20_000_000
_FIXED_PIECES = len(SPECIALS) + 256
_COVERAGE = 0.9995
# The library takes no less.
_LEAST_COVERAGE = 0.98
# The library leaves out lines above a length; longer ones are given to it in parts.
_LONGEST_LINE = 10_000
# The sums of the algorithm depend on the number of threads, so it is fixed.
_THREADS = 4


def train_sentencepiece(
    lines: Callable[[], Iterable[str]],
    size: int = DEFAULT_SIZE,
    algorithm: SentencePieceAlgorithm = "unigram",
    seed: int = 0,
    sample_bytes: int = SAMPLE_BYTES,
) -> bytes:
    """Trains a model for `SentencePieceTokenizer` on lines of text.

    Nothing is normalised, no white space is removed, and characters too rare for a piece of their
    own (the last 0.05 % of the text, up to 2 % where there are too many for `size`) are left to the
    pieces of bytes. Equal lines and arguments give equal models.

    Args:
        lines: gives the lines again at every call: they are read twice.
        size: the most pieces, the four special ones and the 256 bytes included. A short text
            gives fewer.
        algorithm: `"unigram"` (Kudo, 2018) or `"bpe"` (Sennrich, Haddow and Birch, 2016).
        seed: seed of the choice of lines where there are too many.
        sample_bytes: of a longer text, as many of its lines as fit into this many bytes of UTF-8
            are read, chosen at random.

    Returns:
        The model, as its file holds it.

    Raises:
        InputError: an argument is out of range, there is no text, or it has too many characters.

    Example:
        >>> lines = ["the cat sat", "the cat ran", "a dog sat"]
        >>> model = sv.text.train_sentencepiece(lambda: lines, size=320)
        >>> len(sv.text.SentencePieceTokenizer(model).vocabulary) <= 320
        True
    """
    if algorithm not in get_args(SentencePieceAlgorithm):
        raise InputError(f'unknown SentencePiece algorithm "{algorithm}": choose unigram or bpe')
    if not callable(lines):
        raise InputError(
            "lines must be a function that gives them again at every call: write lambda: lines"
        )
    size, seed = whole_number("size", size), whole_number("seed", seed, 0)
    sample_bytes = whole_number("sample_bytes", sample_bytes, 1)
    if size < SMALLEST_SIZE:
        raise InputError(
            f"a SentencePiece vocabulary of {size} has little room beside its {_FIXED_PIECES} "
            f"fixed pieces: allow at least {SMALLEST_SIZE}"
        )
    sample = [escape(line) for line in _sample(lines, seed, sample_bytes)]
    if not sample:
        raise InputError("there is no text to train a tokenizer on: give at least one sentence")
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=_parts(sample),
            model_writer=model,
            model_type=algorithm,
            vocab_size=size,
            hard_vocab_limit=False,
            character_coverage=_coverage(sample, size),
            byte_fallback=True,
            normalization_rule_name="identity",
            remove_extra_whitespaces=False,
            add_dummy_prefix=True,
            pad_id=PAD_ID,
            bos_id=START_ID,
            eos_id=END_ID,
            unk_id=UNKNOWN_ID,
            max_sentence_length=10 * _LONGEST_LINE,
            num_threads=_THREADS,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise InputError(f"SentencePiece cannot be trained on this text: {error}") from error
    return model.getvalue()


def _sample(lines, seed, sample_bytes) -> Iterator[str]:
    sizes = np.fromiter((len(line.encode()) for line in lines()), np.int64)
    chosen = np.ones(len(sizes), bool)
    if sizes.sum() > sample_bytes:
        order = np.random.default_rng(seed).permutation(len(sizes))
        chosen[order] = np.cumsum(sizes[order]) <= sample_bytes
        chosen[order[0]] = True
    return (line for line, taken in zip(lines(), chosen, strict=True) if taken and line)


def _parts(sample) -> Iterator[str]:
    for line in sample:
        for start in range(0, len(line), _LONGEST_LINE):
            yield line[start : start + _LONGEST_LINE]


def _coverage(sample, size):
    """The share of the text whose characters get a piece: they take half of the room at most."""
    counts = Counter()
    for line in sample:
        counts.update(line)
    frequent = np.sort(np.fromiter(counts.values(), np.int64))[::-1]
    covered = np.cumsum(frequent) / frequent.sum()
    half = min((size - _FIXED_PIECES) // 2, len(covered))
    coverage = min(_COVERAGE, max(_LEAST_COVERAGE, float(covered[half - 1])))
    # The space before every text is a character too.
    needed = _FIXED_PIECES + int(np.searchsorted(covered, coverage)) + 2
    if needed > size:
        raise InputError(
            f"a SentencePiece vocabulary of {size:,} is too small for the characters of this text: "
            f"allow at least {needed:,}"
        )
    return coverage
