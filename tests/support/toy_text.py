"""Sentences enough for a small SentencePiece model."""

import random

WORDS = ["the", "cat", "sat", "on", "a", "mat", "Straße", "über", "das", "ist", "gut", "naïve"]


def toy_lines() -> list[str]:
    """The same sentences at every call."""
    draw = random.Random(0)
    return [" ".join(draw.choices(WORDS, k=draw.randint(2, 9))) + "." for _ in range(400)]
