"""Folders with a tiny corpus."""

from pathlib import Path

SUBJECTS = ("the cat", "a dog", "my old friend", "the green bird", "one small child")
ENDINGS = ("sleeps .", "sees the big house .", "walks home .", "eats .")
LINES = [f"{subject} {ending}" for subject in SUBJECTS for ending in ENDINGS]


def write_corpus(folder: Path, lines=LINES, **splits) -> Path:
    """Writes the lines to each split, or to one of them what is given by its name."""
    folder.mkdir(parents=True)
    for split in ("train", "valid", "test"):
        text = "\n".join(splits.get(split, lines)) + "\n"
        (folder / f"{split}.txt").write_text(text, encoding="utf-8")
    return folder


def labelled(lines, labels) -> list[str]:
    """The lines with the labels in turn."""
    return [f"{labels[number % len(labels)]}\t{line}" for number, line in enumerate(lines)]
