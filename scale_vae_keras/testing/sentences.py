"""The sentences that are checked with, and how figures are compared."""

from typing import Any

import numpy as np

from scale_vae_keras.text.vocabulary import END_ID, START_ID

WORDS = (4, 1, 6, 3)
LENGTH = 2 + max(WORDS)


def words_of(vocabulary_size: int) -> np.ndarray:
    """The ids that are words of a sentence."""
    ids = np.arange(START_ID + 1, vocabulary_size)
    return ids[ids != END_ID]


def sentences(vocabulary_size: int, random: np.random.Generator) -> np.ndarray:
    """Sentences of different lengths, int32 `[4, 8]`."""
    ids = np.zeros([len(WORDS), LENGTH], np.int32)
    for row, count in enumerate(WORDS):
        words = random.choice(words_of(vocabulary_size), count)
        ids[row, : count + 2] = [START_ID, *words, END_ID]
    return ids


def same(actual: Any, expected: Any, tolerance: float, what: str) -> None:
    """Asserts that arrays are equal within a relative and an absolute tolerance."""
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance, err_msg=what)
