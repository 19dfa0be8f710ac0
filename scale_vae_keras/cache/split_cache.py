"""Splits of corpora as files of token ids, mapped into memory."""

import contextlib
import itertools
import json
import mmap
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import tensorflow as tf

from scale_vae_keras.cache.made_once import made_once
from scale_vae_keras.categories import Categories, Numbering
from scale_vae_keras.data.corpus import Corpus
from scale_vae_keras.data.encoded import EncodedSplit, encode_split, no_sentence
from scale_vae_keras.data.encoded_blocks import EncodedBlock, encoded_blocks
from scale_vae_keras.errors import InputError
from scale_vae_keras.files import write_json
from scale_vae_keras.text.tokenizer import Tokenizer

FORMAT = 2
"""Raise it when files or tokenisation change: what older versions wrote is left alone then."""

_DTYPES = {"tokens": np.int32, "offsets": np.int64, "text_bytes": np.int64, "labels": np.int32}
_META = "meta.json"
_BATCHES_KEPT = 64


@dataclass(frozen=True)
class StoredSplit(EncodedSplit):
    """An `EncodedSplit` whose arrays are files that are mapped into memory, read only.

    Processes that open it share one copy, which the system keeps in memory as far as there is room.

    Attributes:
        pages: the mapped files.
    """

    pages: tuple[mmap.mmap, ...] = ()
    _served: Iterator[int] = field(default_factory=itertools.count, compare=False, repr=False)

    def padded(self, rows: np.ndarray, first: int = 0, end: int | None = None) -> np.ndarray:
        """As `EncodedSplit.padded`; now and then pages that were read are given back.

        They stay in the system's cache. Mapped, they would count as memory of this process, in the
        end the whole corpus.
        """
        ids = super().padded(rows, first, end)
        if next(self._served) % _BATCHES_KEPT == 0:
            self.give_back()
        return ids

    def token_blocks(self) -> Iterator[np.ndarray]:
        """As `EncodedSplit.token_blocks`; pages that were read are given back."""
        for block in super().token_blocks():
            yield block
            self.give_back()

    def give_back(self) -> None:
        """Unmaps the pages that were read; they are mapped again when they are read again."""
        for pages in self.pages:
            pages.madvise(mmap.MADV_DONTNEED)


def cached_split(
    corpus: Corpus,
    split: str,
    tokenizer: Tokenizer,
    folder: str | os.PathLike | None,
    fingerprint: str | None = None,
) -> EncodedSplit:
    """As `encode_split`, tokenised once into files that are mapped into memory.

    The files are `FOLDER/<key>/{tokens,offsets,text_bytes,labels}.npy` and `meta.json`; the key is
    a SHA-256 of the contents of the corpus and their encoding, the split, the tokenizer with its
    limits, and the versions of the format and of TensorFlow. Several processes may call this at
    once, and one may be killed: see `made_once`.

    Args:
        corpus: the corpus.
        split: "train", "valid" or "test".
        tokenizer: turns text into ids.
        folder: folder of the cache; None for none: as `encode_split`.
        fingerprint: `corpus.fingerprint()`, where it is known.

    Raises:
        InputError: as `encode_split`; or the cache cannot be written to, or is broken.

    Example:
        >>> corpus = sv.data.corpus_from(["the cat", "the cat sat"], ["a cat"], ["the dog"])
        >>> tokenizer = sv.text.Tokenizer(sv.data.build_vocabulary(corpus, "words"))
        >>> sv.cache.cached_split(corpus, "test", tokenizer, "cache").tokens.tolist()
        [1, 5, 3, 2]
    """
    if folder is None:
        return encode_split(corpus, split, tokenizer)
    key = split_key(corpus, split, tokenizer, fingerprint or corpus.fingerprint())
    made = made_once(folder, key, lambda new: write_split(corpus, split, tokenizer, new))
    return read_split(made)


def split_key(
    corpus: Corpus, split: str, tokenizer: Tokenizer, fingerprint: str
) -> dict[str, object]:
    """All that a cached split depends on."""
    return {
        "kind": "split",
        "format": FORMAT,
        "tensorflow": tf.__version__,
        "corpus": fingerprint,
        "encoding": getattr(corpus, "encoding", None),
        "split": split,
        "class": f"{type(tokenizer).__module__}.{type(tokenizer).__qualname__}",
        "tokenizer": tokenizer.fingerprint(),
        "settings": tokenizer.settings(),
    }


def write_split(corpus: Corpus, split: str, tokenizer: Tokenizer, folder: Path) -> None:
    """Tokenises a split into the files of a folder; memory does not grow with the corpus.

    Raises:
        InputError: as `encode_split`.
    """
    blocks = encoded_blocks(corpus.lines(split), tokenizer)
    if not write_blocks(blocks, corpus.has_labels, folder):
        raise no_sentence(corpus, split)


def write_blocks(blocks: Iterable[EncodedBlock], labelled: bool, folder: Path) -> int:
    """Writes sentences into the files of a folder.

    Args:
        blocks: the sentences.
        labelled: whether they have labels.
        folder: a new, empty folder.

    Returns:
        How many sentences there are. Where there is none, no split can be read from the folder.
    """
    names = [name for name in _DTYPES if name != "labels" or labelled]
    numbering, total, empty, truncated = Numbering(), 0, 0, 0
    with contextlib.ExitStack() as stack:
        files = {name: stack.enter_context(_Rows(folder, name)) for name in names}
        files["offsets"].append(np.zeros(1, np.int64))
        for block in blocks:
            files["tokens"].append(block.tokens)
            files["offsets"].append(total + np.cumsum(block.lengths))
            files["text_bytes"].append(block.text_bytes)
            if labelled:
                files["labels"].append(numbering.numbers(block.labels))
            total += len(block.tokens)
            empty += block.empty
            truncated += block.truncated
    if total == 0:
        return 0
    written = {
        "labels": numbering.names if labelled else None,
        "empty": empty,
        "truncated": truncated,
    }
    sentences = EncodedSplit(
        *(np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("tokens", "offsets")),
        labels=None,
        empty=empty,
        truncated=truncated,
    )
    counts = {"unknown": sentences.unknown, "max_length": sentences.max_length}
    write_json(folder / _META, {"format": FORMAT, **written, **counts})
    return sentences.sentences


def read_split(folder: Path) -> StoredSplit:
    """The split that `write_split` wrote.

    Raises:
        InputError: a file is missing or broken.
    """
    try:
        meta = json.loads((folder / _META).read_text(encoding="utf-8"))
        labels = meta["labels"]
        arrays, pages = {}, []
        for name, dtype in _DTYPES.items():
            if name == "labels" and labels is None:
                continue
            arrays[name], mapped = _mapped(folder / f"{name}.npy", dtype)
            pages.append(mapped)
        found = StoredSplit(
            arrays["tokens"],
            arrays["offsets"],
            None if labels is None else Categories(arrays["labels"], tuple(labels)),
            meta["empty"],
            meta["truncated"],
            arrays["text_bytes"],
            pages=tuple(pages),
        )
        if len(found.tokens) != found.offsets[-1] or len(found.text_bytes) != found.sentences:
            raise ValueError("files of different lengths")
        # Counted when it was written, so that the whole split need not be read for them.
        vars(found).update(unknown=meta["unknown"], max_length=meta["max_length"])
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise InputError(f"the cached split {folder} is broken ({error}): remove it") from error
    return found


def _mapped(path, dtype):
    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        shape, _, found = np.lib.format.read_array_header_1_0(file)
        if found != dtype:
            raise ValueError(f"{path.name} holds {found}")
        pages = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        return np.frombuffer(pages, dtype, shape[0], file.tell()), pages


class _Rows:
    """A `.npy` file that grows; its header has room for the length."""

    def __init__(self, folder: Path, name: str):
        self._path = folder / f"{name}.npy"
        self._dtype = np.dtype(_DTYPES[name])
        self._file: BinaryIO
        self._rows = 0

    def __enter__(self):
        self._file = self._path.open("w+b")
        self._write_header()
        return self

    def append(self, values: np.ndarray) -> None:
        """Writes values behind the others."""
        self._file.write(np.ascontiguousarray(values, self._dtype).data)
        self._rows += len(values)

    def __exit__(self, *error):
        self._file.seek(0)
        self._write_header()
        self._file.close()

    def _write_header(self):
        np.lib.format.write_array_header_1_0(
            self._file,
            {"descr": self._dtype.str, "fortran_order": False, "shape": (self._rows,)},
        )
