"""The text of the tests: lines, and folders with a tiny corpus of them."""

import random
from pathlib import Path

SUBJECTS = ("the cat", "a dog", "my old friend", "the green bird", "one small child")
ENDINGS = ("sleeps .", "sees the big house .", "walks home .", "eats .")
LINES = [f"{subject} {ending}" for subject in SUBJECTS for ending in ENDINGS]
_WORDS = ["the", "cat", "sat", "on", "a", "mat", "Straße", "über", "das", "ist", "gut", "naïve"]


def write_corpus(folder: Path, lines=LINES, **splits) -> Path:
    """Writes a corpus folder: the lines as each split, but for a split that is given by name."""
    folder.mkdir(parents=True)
    for split in ("train", "valid", "test"):
        text = "\n".join(splits.get(split, lines)) + "\n"
        (folder / f"{split}.txt").write_text(text, encoding="utf-8")
    return folder


def labelled(lines, labels) -> list[str]:
    """The lines with the labels in turn."""
    return [f"{labels[number % len(labels)]}\t{line}" for number, line in enumerate(lines)]


def subword_lines() -> list[str]:
    """Lines enough for a small SentencePiece model, the same ones at every call."""
    draw = random.Random(0)
    return [" ".join(draw.choices(_WORDS, k=draw.randint(2, 9))) + "." for _ in range(400)]
