"""Makes a corpus folder from the user's files."""

import os
import re
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

import numpy as np

from scale_vae_keras.data.corpus_warnings import label_warnings
from scale_vae_keras.data.document_split import DROPPED, check_shares, split_documents
from scale_vae_keras.data.documents import Document, Source
from scale_vae_keras.data.folder import SPLITS
from scale_vae_keras.errors import InputError
from scale_vae_keras.files import check_place, written_whole
from scale_vae_keras.text.lines import one_line

# UTF-8 that was decoded as Latin-1 or cp1252: "Ã©" for "é", "â€™" for an apostrophe.
_DECODED_WRONGLY = re.compile("Ã[\x80-\xbf]|â€|Â[\xa0-\xbf]")

_NO_TEXT = re.compile("[\0\ud800-\udfff]")
"""What no corpus file holds: NUL, and halves of surrogate pairs."""


@dataclass
class Preparation:
    """What `prepare` read, dropped and wrote.

    Attributes:
        read: documents read by input.
        kinds: formats by input.
        empty: documents without text, dropped.
        unlabelled: documents without a label among labelled ones, dropped.
        duplicates: documents whose text came before.
        deduplicated: whether they were dropped.
        conflicting: duplicates with another label than the first one's.
        rewritten: documents with a tab or line break within, now a space.
        replaced: documents with NUL or half a surrogate pair, now U+FFFD.
        damaged: documents that hold U+FFFD: they were damaged before.
        decoded_wrongly: documents that look like UTF-8 that was decoded as Latin-1.
        characters: median, 95 % and longest length of the kept documents in characters.
        words: the same in words between white space.
        labels: kept documents by label, most first; None without labels.
        sizes: documents by split.
        overlap: documents of valid and test whose text is in train, or of test in valid.
        warnings: what is probably wrong, one line each.
    """

    read: dict[str, int] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    empty: int = 0
    unlabelled: int = 0
    duplicates: int = 0
    deduplicated: bool = False
    conflicting: int = 0
    rewritten: int = 0
    replaced: int = 0
    damaged: int = 0
    decoded_wrongly: int = 0
    characters: tuple[float, float, int] = (0.0, 0.0, 0)
    words: tuple[float, float, int] = (0.0, 0.0, 0)
    labels: dict[str, int] | None = None
    sizes: dict[str, int] = field(default_factory=dict)
    overlap: int = 0
    warnings: list[str] = field(default_factory=list)


def prepare(
    inputs: str | os.PathLike | Sequence[str | os.PathLike],
    output: str | os.PathLike,
    text: str | None = None,
    label: str | None = None,
    split: tuple[float, float, float] = (0.9, 0.05, 0.05),
    seed: int = 0,
    deduplicate: bool = False,
    encoding: str | None = None,
) -> Preparation:
    r"""Makes a corpus folder of text files, tables, JSON lines, Parquet files or folders of texts.

    Tabs and line breaks within a text become one space, and white space at its ends goes. The
    documents of all inputs are divided at random: they are ranked by a hash of the seed and the
    text and cut by the shares, so that equal texts are always in one split, and the order of the
    inputs does not matter. Within a split the order is that of the inputs. The inputs are read
    once and streamed; memory holds 32 bytes per document, and a few times that while they are
    ranked.

    Args:
        inputs: one or more files, or folders of `.txt` files with one document each. A text file
            has one document per line, `label<TAB>text` if its first line holds a tab.
        output: the folder to appear, whole or not at all.
        text: the column with the text; by default `text`, or the only one.
        label: the column with the label; by default there are no labels.
        split: shares of train, valid and test.
        seed: seed of the division, any integer.
        deduplicate: keep only the first one of equal texts. It is done before dividing.
        encoding: encoding of the inputs; by default that of the byte order mark, UTF-8 without one.

    Raises:
        InputError: `output` exists, an input is missing or invalid, or there are fewer than four
            different documents.

    Example:
        >>> from pathlib import Path
        >>> _ = Path("all.txt").write_text("".join(f"sentence {n}\n" for n in range(100)))
        >>> sv.data.prepare(["all.txt"], "corpus", split=(0.8, 0.1, 0.1)).sizes
        {'train': 80, 'valid': 10, 'test': 10}
    """
    output = Path(output)
    if output.exists():
        raise InputError(f"{output} exists already: give another folder, or remove it")
    check_place(output)
    check_shares(split)
    paths = [inputs] if isinstance(inputs, str | os.PathLike) else inputs
    sources = [Source(Path(path), text, label, encoding) for path in paths]
    for source in sources:
        if not source.path.exists():
            raise InputError(f"there is no file or folder {source.path}")
        source.check_installed()
    report = Preparation(deduplicated=deduplicate)
    with written_whole(output) as folder:
        folder.mkdir()
        collected = folder.parent / "documents"
        records = _collect(sources, collected, seed, report)
        splits, first = split_documents(records.hashes, split, deduplicate)
        _distribute(collected, splits, folder)
        _describe(records, splits, first, report)
    return report


class _Records:
    """A few numbers of each document, in arrays: the documents themselves are on disk."""

    def __init__(self):
        self._hashes = array("Q")
        self._lengths = array("q")
        self._codes = array("i")
        self.labels: dict[str, int] = {}

    def add(self, document: Document, key: bytes) -> None:
        digest = blake2b(document.text.encode(), digest_size=16, key=key).digest()
        self._hashes.frombytes(digest)
        self._lengths.append(len(document.text))
        self._lengths.append(len(document.text.split()))
        if document.label is not None:
            self._codes.append(self.labels.setdefault(document.label, len(self.labels)))

    @property
    def hashes(self) -> np.ndarray:
        return np.frombuffer(self._hashes, np.uint64).reshape(-1, 2)

    @property
    def lengths(self) -> np.ndarray:
        return np.frombuffer(self._lengths, np.int64).reshape(-1, 2)

    @property
    def codes(self) -> np.ndarray:
        return np.frombuffer(self._codes, np.int32)


def _collect(sources, path, seed, report) -> _Records:
    """Writes the lines of the new corpus to one file, and records their properties."""
    records = _Records()
    key = str(seed).encode()
    labelled = None
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        for source in sources:
            name = str(source.path)
            report.kinds[name] = source.kind
            report.read.setdefault(name, 0)
            for raw in source.documents():
                report.read[name] += 1
                document = _cleaned(raw, report)
                if document is None:
                    continue
                if labelled is None:
                    labelled = document.label is not None
                if labelled != (document.label is not None):
                    raise InputError(
                        f"{name} has {'no ' * labelled}labels, unlike what precedes it: "
                        "give labels in all inputs, or in none"
                    )
                records.add(document, key)
                file.write(f"{document.label}\t" if labelled else "")
                file.write(f"{document.text}\n")
    return records


def _cleaned(raw, report) -> Document | None:
    text = raw.text.strip()
    if not text:
        report.empty += 1
        return None
    label = raw.label and one_line(raw.label).strip()
    if label == "":
        report.unlabelled += 1
        return None
    report.damaged += "\ufffd" in text
    report.decoded_wrongly += _DECODED_WRONGLY.search(text) is not None
    clean = one_line(text)
    report.rewritten += clean != text
    if _NO_TEXT.search(clean):
        report.replaced += 1
        clean = _NO_TEXT.sub("\ufffd", clean)
    return Document(clean, label and _NO_TEXT.sub("\ufffd", label))


def _distribute(collected, splits, folder) -> None:
    files = [open(folder / f"{name}.txt", "wb") for name in SPLITS]  # noqa: SIM115
    try:
        with open(collected, "rb") as lines:
            for line, split in zip(lines, splits, strict=True):
                if split != DROPPED:
                    files[split].write(line)
    finally:
        for file in files:
            file.close()


def _describe(records, splits, first, report) -> None:
    repeated = first != np.arange(len(first))
    report.duplicates = int(repeated.sum())
    kept = splits != DROPPED
    report.sizes = {name: int((splits == place).sum()) for place, name in enumerate(SPLITS)}
    report.characters, report.words = (
        (float(np.median(column)), float(np.percentile(column, 95)), int(column.max()))
        for column in records.lengths[kept].T
    )
    # The first split that a text is in; kept duplicates of one text share theirs.
    earliest = np.full(len(first), len(SPLITS), np.int8)
    np.minimum.at(earliest, first[kept], splits[kept])
    report.overlap = int((splits[kept] > earliest[first[kept]]).sum())
    if records.labels:
        codes = records.codes
        report.conflicting = int((codes != codes[first]).sum())
        counts = np.bincount(codes[kept], minlength=len(records.labels))
        found = {name: int(counts[code]) for name, code in records.labels.items() if counts[code]}
        report.labels = dict(Counter(found).most_common())
        report.warnings = label_warnings(report.labels, "the corpus")
