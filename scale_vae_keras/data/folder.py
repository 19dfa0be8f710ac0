"""A corpus in a folder of text files."""

import hashlib
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from scale_vae_keras.data.labelled_text import LabelledText
from scale_vae_keras.errors import InputError

SPLITS = ("train", "valid", "test")
_FEWEST_SENTENCES = {"train": 2, "valid": 1, "test": 1}


class FolderCorpus:
    """`train.txt`, `valid.txt` and `test.txt`, and perhaps `vocab.txt`, in one folder.

    The files are UTF-8 with one sentence a line. They have labels, written `label<TAB>text`, if
    the first line of each that is not blank holds a tab. Bytes that are not UTF-8 are replaced.
    Files are streamed, never held in memory.

    Args:
        path: The folder.

    Attributes:
        name: The folder's name.
        vocabulary_path: `vocab.txt`, or None where there is none.
        has_labels: Whether the sentences have labels.

    Raises:
        InputError: a folder or file is missing, a file has no sentence, `train.txt` has fewer than
            two, or only some of the files have labels.
    """

    def __init__(self, path: str | os.PathLike):
        self._folder = Path(path)
        if not self._folder.is_dir():
            raise InputError(
                f"there is no folder {path}: give one with train.txt, valid.txt and test.txt, "
                "or a built-in corpus (synthetic, reviews)"
            )
        self.name = self._folder.resolve().name
        vocabulary_path = self._folder / "vocab.txt"
        self.vocabulary_path = vocabulary_path if vocabulary_path.is_file() else None
        labelled = {split: self._is_labelled(split) for split in SPLITS}
        if len(set(labelled.values())) > 1:
            with_labels = next(split for split in SPLITS if labelled[split])
            without = next(split for split in SPLITS if not labelled[split])
            raise InputError(
                f"{self._path(with_labels)} has labels and {self._path(without)} has none: "
                "write label<TAB>text in all three files, or in none"
            )
        self.has_labels = labelled["train"]

    def lines(self, split: str) -> Iterator[LabelledText]:
        """Yields every line of a split in the file's order, blank ones too.

        Raises:
            InputError: the split is unknown, or a line of a labelled file has no label.
        """
        for number, line in enumerate(self._raw_lines(split), start=1):
            if not self.has_labels:
                yield LabelledText(None, line)
                continue
            label, tab, text = line.partition("\t")
            if line.strip() and not (label and tab):
                raise InputError(
                    f"{self._path(split)}, line {number}: there is no label; "
                    "write label<TAB>text on every line"
                )
            yield LabelledText(label, text)

    def fingerprint(self) -> str:
        """SHA-256 of the contents of the three files, as 64 hexadecimal digits."""
        total = hashlib.sha256()
        for split in SPLITS:
            with open(self._path(split), "rb") as file:
                total.update(hashlib.file_digest(file, "sha256").digest())
        return total.hexdigest()

    def _path(self, split: str) -> Path:
        if split not in SPLITS:
            raise InputError(f'unknown split "{split}": choose train, valid or test')
        return self._folder / f"{split}.txt"

    def _raw_lines(self, split: str) -> Iterator[str]:
        path = self._path(split)
        try:
            with open(path, encoding="utf-8-sig", errors="replace", newline="\n") as file:
                for line in file:
                    yield line.rstrip("\r\n")
        except OSError as error:
            raise InputError(
                f"cannot read {path}: {error.strerror}; "
                "a corpus needs train.txt, valid.txt and test.txt"
            ) from error

    def _is_labelled(self, split: str) -> bool:
        fewest = _FEWEST_SENTENCES[split]
        sentences = list(islice(filter(str.strip, self._raw_lines(split)), fewest))
        if len(sentences) < fewest:
            raise InputError(
                f"{self._path(split)} has too few sentences ({len(sentences)}): "
                f"write at least {fewest}, one a line"
            )
        return "\t" in sentences[0]
