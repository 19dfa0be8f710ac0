"""What a corpus is, and how to open one by name."""

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from scale_vae_keras.built_in.reviews import reviews_split
from scale_vae_keras.built_in.synthetic import synthetic_split
from scale_vae_keras.data.folder import SPLITS, FolderCorpus
from scale_vae_keras.errors import InputError
from scale_vae_keras.text.labelled_text import LabelledText


class Corpus(Protocol):
    """Sentences in three splits: train, valid and test.

    Attributes:
        name: what to call the corpus in reports.
        vocabulary_path: the file with its vocabulary, or None: count the words of train.
        has_labels: whether the sentences have labels.

    Example:
        >>> corpus = sv.data.corpus_from(["a b", "b"], ["a"], ["b a"], name="letters")
        >>> corpus.name, corpus.has_labels, next(corpus.lines("test")).text
        ('letters', False, 'b a')
    """

    name: str
    vocabulary_path: Path | None
    has_labels: bool

    def lines(self, split: str) -> Iterator[LabelledText]:
        """Yields the lines of a split, blank ones too; raises InputError for an unknown split."""
        ...

    def fingerprint(self) -> str:
        """SHA-256 of the contents of the splits, as 64 hexadecimal digits."""
        ...


class BuiltInCorpus:
    """A corpus that is generated, not read.

    Args:
        name: its name.
        generate: gives the sentences of a split, the same at every call.
    """

    vocabulary_path = None

    def __init__(self, name: str, generate: Callable[[str], list[LabelledText]]):
        self.name = name
        self._generate = generate
        self.has_labels = generate("train")[0].label is not None

    def lines(self, split: str) -> Iterator[LabelledText]:
        """Yields the sentences of a split.

        Raises:
            InputError: the split is unknown.
        """
        if split not in SPLITS:
            raise InputError(f'unknown split "{split}": choose train, valid or test')
        yield from self._generate(split)

    def fingerprint(self) -> str:
        """SHA-256 of the contents of the splits, as 64 hexadecimal digits."""
        total = hashlib.sha256()
        for split in SPLITS:
            total.update(f"{split}\n".encode())
            for label, text in self.lines(split):
                total.update(f"{label}\t{text}\n".encode())
        return total.hexdigest()


BUILT_IN = {"reviews": reviews_split, "synthetic": synthetic_split}


def open_corpus(name_or_path: str | os.PathLike, encoding: str | None = None) -> Corpus:
    """Opens a built-in corpus (`synthetic`, `reviews`) or the folder at a path.

    A built-in name wins over a folder of that name in the working directory.

    Args:
        name_or_path: the name or the path.
        encoding: encoding of a folder's files, see `FolderCorpus`.

    Raises:
        InputError: there is no such corpus, a built-in one is given an encoding, or the folder's
            files are invalid, see `FolderCorpus`.

    Example:
        >>> corpus = sv.data.open_corpus("reviews")
        >>> corpus.name, corpus.has_labels
        ('reviews', True)
    """
    name = os.fspath(name_or_path)
    if name in BUILT_IN:
        if encoding is not None:
            raise InputError(f"the built-in corpus {name} has no files: leave the encoding out")
        return BuiltInCorpus(name, BUILT_IN[name])
    return FolderCorpus(name, encoding)


def open_same_corpus(
    name_or_path: str | os.PathLike, fingerprint: str, encoding: str | None = None
) -> Corpus:
    """Opens a corpus that may have moved, and makes sure that its contents are the known ones.

    Args:
        name_or_path: as for `open_corpus`.
        fingerprint: the `fingerprint()` of the corpus that is meant.
        encoding: as for `open_corpus`.

    Raises:
        InputError: the contents differ; as `open_corpus`.

    Example:
        >>> known = sv.data.open_corpus("reviews").fingerprint()
        >>> sv.data.open_same_corpus("reviews", known).name
        'reviews'
    """
    corpus = open_corpus(name_or_path, encoding)
    check_fingerprint(corpus, fingerprint, os.fspath(name_or_path))
    return corpus


def check_fingerprint(corpus: Corpus, fingerprint: str, address: str) -> None:
    """Refuses a corpus whose contents are not the ones that a run was trained on.

    Args:
        corpus: the corpus.
        fingerprint: that of the run.
        address: where the corpus is, for the error.

    Raises:
        InputError: the contents differ.
    """
    found = corpus.fingerprint()
    if found != fingerprint:
        raise InputError(
            f"the corpus {address} is not the one of the run: the SHA-256 of its contents is "
            f"{found[:12]}..., that of the run {fingerprint[:12]}...; name the folder with the "
            "run's corpus, or start a new run"
        )


def corpus_address(name_or_path: str | os.PathLike) -> str:
    """The name of a built-in corpus, or a path made absolute, which is valid from any directory."""
    name = os.fspath(name_or_path)
    return name if name in BUILT_IN else os.path.abspath(name)
