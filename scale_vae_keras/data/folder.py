"""A corpus in a folder of text files."""

import hashlib
import os
from collections.abc import Iterator
from itertools import chain, islice, repeat
from pathlib import Path

from scale_vae_keras.errors import InputError
from scale_vae_keras.text.labelled_text import LabelledText
from scale_vae_keras.text.lines import file_lines, has_labels, no_label, split_label

SPLITS = ("train", "valid", "test")
FEWEST_SENTENCES = {"train": 2, "valid": 1, "test": 1}


class FolderCorpus:
    """`train.txt`, `valid.txt` and `test.txt`, and perhaps `vocab.txt`, in one folder.

    The files are UTF-8, or UTF-16 or UTF-32 with a byte order mark, with one sentence per line, see
    `text.lines`. They have labels, written `label<TAB>text`, if the first line of each that is not
    blank holds a tab. Files are streamed, never held in memory.

    Args:
        path: the folder.
        encoding: of all four files, by Python's name; by default that of the byte order mark,
            UTF-8 without one.

    Attributes:
        name: the folder's name.
        vocabulary_path: `vocab.txt`, or None where there is none.
        has_labels: whether the sentences have labels.
        encoding: as given.

    Raises:
        InputError: a folder or file is missing, a file has no sentence, `train.txt` has fewer than
            two, only some of the files have labels, only the first sentence of a file has none,
            or bytes do not belong to the encoding.
    """

    def __init__(self, path: str | os.PathLike, encoding: str | None = None):
        self._folder = Path(path)
        self.encoding = encoding
        self._check_files()
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
            InputError: the split is unknown, a line of a labelled file has no label, or bytes do
                not belong to the encoding.
        """
        if not self.has_labels:
            yield from map(LabelledText, repeat(None), self._raw_lines(split))
            return
        for number, line in enumerate(self._raw_lines(split), start=1):
            parts = split_label(line)
            if parts is None:
                raise no_label(str(self._path(split)), number)
            yield LabelledText(*parts)

    def fingerprint(self) -> str:
        """SHA-256 of the contents of the three files, as 64 hexadecimal digits.

        Raises:
            InputError: a file cannot be read.
        """
        total = hashlib.sha256()
        for path in map(self._path, SPLITS):
            try:
                with open(path, "rb") as file:
                    total.update(hashlib.file_digest(file, "sha256").digest())
            except OSError as error:
                raise _unreadable(path, error) from error
        return total.hexdigest()

    def _path(self, split: str) -> Path:
        if split not in SPLITS:
            raise InputError(f'unknown split "{split}": choose train, valid or test')
        return self._folder / f"{split}.txt"

    def _check_files(self) -> None:
        folder = self._folder
        if folder.is_file():
            raise InputError(
                f"{folder} is a file, and a corpus is a folder: make one of it with "
                f"scale-vae prepare {folder} --output DATA"
            )
        if not folder.is_dir():
            raise InputError(
                f"there is no folder {folder}: give one with train.txt, valid.txt and test.txt, "
                "or a built-in corpus (synthetic, reviews)"
            )
        if [split for split in SPLITS if self._path(split).exists()] == ["train"]:
            raise InputError(
                f"{folder} has only train.txt: split it with "
                f"scale-vae prepare {self._path('train')} --output DATA"
            )

    def _raw_lines(self, split: str) -> Iterator[str]:
        path = self._path(split)
        try:
            yield from file_lines(path, self.encoding)
        except OSError as error:
            raise _unreadable(path, error) from error

    def _is_labelled(self, split: str) -> bool:
        fewest = FEWEST_SENTENCES[split]
        lines = filter(str.strip, self._raw_lines(split))
        sentences = list(islice(lines, fewest))
        if len(sentences) < fewest:
            raise InputError(
                f"{self._path(split)} has too few sentences ({len(sentences)}): "
                f"write at least {fewest}, one a line"
            )
        return has_labels(chain(sentences, lines), str(self._path(split)))


def _unreadable(path, error):
    return InputError(
        f"cannot read {path}: {error.strerror}; a corpus needs train.txt, valid.txt and test.txt"
    )
