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
from scale_vae_keras.data.document_split import (
    DROPPED,
    check_shares,
    keep_splits,
    split_documents,
)
from scale_vae_keras.data.documents import Document, Source
from scale_vae_keras.data.folder import FEWEST_SENTENCES, SPLITS
from scale_vae_keras.errors import InputError
from scale_vae_keras.files import check_place, written_whole
from scale_vae_keras.text.lines import one_line

# UTF-8 that was decoded as Latin-1 or cp1252: "Ã©" for "é", "â€™" for an apostrophe.
_DECODED_WRONGLY = re.compile("Ã[\x80-\xbf]|â€|Â[\xa0-\xbf]")

_SHARES = (0.9, 0.05, 0.05)
_MANY_LABELS = 10

_NO_TEXT = re.compile("[\0\ud800-\udfff]")
"""What no corpus file holds: NUL, and halves of surrogate pairs."""

Inputs = str | os.PathLike | Sequence[str | os.PathLike]


@dataclass
class Preparation:
    """What `prepare` read, dropped and wrote.

    Attributes:
        read: documents read by input.
        kinds: formats by input.
        columns: the column with the text by input, where it has columns.
        left_out: files by folder whose name does not end in `.txt`, where there are some.
        empty: documents without text, dropped.
        unlabelled: documents without a label among labelled ones.
        kept_unlabelled: whether they were kept.
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
    columns: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    empty: int = 0
    unlabelled: int = 0
    kept_unlabelled: bool = False
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
    inputs: Inputs,
    output: str | os.PathLike,
    text: str | None = None,
    label: str | None = None,
    split: tuple[float, float, float] | None = None,
    seed: int | None = None,
    deduplicate: bool = False,
    encoding: str | None = None,
    valid: Inputs | None = None,
    test: Inputs | None = None,
    keep_unlabelled: bool = False,
) -> Preparation:
    r"""Makes a corpus folder of text files, tables, JSON lines, Parquet files or folders of texts.

    Tabs and line breaks within a text become one space, and white space at its ends goes. The
    documents of all inputs are divided at random: they are ranked by a hash of the seed and the
    text and cut by the shares, so that equal texts are always in one split, and the order of the
    inputs does not matter. A text that is more frequent than valid or test are large is for train.
    With `valid` and `test` the inputs are those of train, and nothing is divided. Within a split
    the order is that of the inputs. The inputs are read once and streamed; memory holds 33 bytes
    per document, and a few times that while they are ranked.

    Args:
        inputs: one or more files, or folders of `.txt` files with one document each. A text file
            has one document per line, `label<TAB>text` if its first line holds a tab.
        output: the folder to appear, whole or not at all.
        text: the column with the text; by default `text`, or the only one.
        label: the column with the label; by default there are no labels.
        split: shares of train, valid and test; 0.9, 0.05 and 0.05 by default.
        seed: seed of the division, any integer; 0 by default.
        deduplicate: keep only the first one of equal texts, those of train before those of valid
            and test. It is done before dividing.
        encoding: encoding of the inputs; by default that of the byte order mark, UTF-8 without one.
        valid: files or folders of validation documents, of data that is divided already.
        test: files or folders of test documents.
        keep_unlabelled: keep documents without a label, for semi-supervised training; their lines
            are `<TAB>text`.

    Raises:
        InputError: `output` exists, an input is missing or invalid, arguments exclude each other,
            or there are too few documents: fewer than four different ones to divide, or none of a
            split.

    Example:
        >>> from pathlib import Path
        >>> _ = Path("all.txt").write_text("".join(f"sentence {n}\n" for n in range(100)))
        >>> sv.data.prepare(["all.txt"], "corpus", split=(0.8, 0.1, 0.1)).sizes
        {'train': 80, 'valid': 10, 'test': 10}
    """
    if os.path.exists(output):
        raise InputError(f"{output} exists already: give another folder, or remove it")
    check_place(output)
    divided = valid is not None or test is not None
    if divided and None in (valid, test):
        raise InputError("the data is divided already: give the files of valid and of test")
    if divided and (split, seed) != (None, None):
        raise InputError("the data is divided already: leave the shares and the seed out")
    shares = _SHARES if split is None else split
    check_shares(shares)
    sources = [
        (place, Source(Path(path), text, label, encoding))
        for place, given in enumerate((inputs, valid, test) if divided else (inputs,))
        for path in ([given] if isinstance(given, str | os.PathLike) else given)
    ]
    for _, source in sources:
        if not source.path.exists():
            raise InputError(f"there is no file or folder {source.path}")
        source.check_installed()
    report = Preparation(deduplicated=deduplicate, kept_unlabelled=keep_unlabelled)
    with written_whole(output) as folder:
        folder.mkdir()
        collected = folder.parent / "documents"
        records = _collect(sources, collected, seed or 0, report)
        if divided:
            splits, first = keep_splits(records.hashes, records.places, deduplicate)
            _check_sizes(splits)
        else:
            splits, first = _divide(records, shares, deduplicate)
        _distribute(collected, splits, folder)
        _describe(records, splits, first, report)
    return report


def _divide(records, shares, deduplicate) -> tuple[np.ndarray, np.ndarray]:
    try:
        return split_documents(records.hashes, shares, deduplicate)
    except InputError as error:
        if len(records.labels) < _MANY_LABELS:
            raise
        raise InputError(
            f"{error}; there are {len(records.labels):,} labels: if they are the texts, write "
            "label<TAB>text"
        ) from error


def _check_sizes(splits) -> None:
    for place, name in enumerate(SPLITS):
        found = int((splits == place).sum())
        if found < FEWEST_SENTENCES[name]:
            raise InputError(
                f"{name} has too few documents ({found}): give at least {FEWEST_SENTENCES[name]}"
            )


class _Records:
    """A few numbers of each document, in arrays: the documents themselves are on disk."""

    def __init__(self):
        self._hashes = array("Q")
        self._lengths = array("q")
        self._codes = array("i")
        self._places = array("b")
        self.labels: dict[str, int] = {}

    def add(self, document: Document, key: bytes, place: int) -> None:
        digest = blake2b(document.text.encode(), digest_size=16, key=key).digest()
        self._hashes.frombytes(digest)
        self._places.append(place)
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
    def places(self) -> np.ndarray:
        return np.frombuffer(self._places, np.int8)

    @property
    def codes(self) -> np.ndarray:
        return np.frombuffer(self._codes, np.int32)


def _collect(sources, path, seed, report) -> _Records:
    """Writes the lines of the new corpus to one file, and records their properties."""
    records = _Records()
    key = str(seed).encode()
    labelled = None
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        for place, source in sources:
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
                records.add(document, key, place)
                file.write(f"{document.label}\t" if labelled else "")
                file.write(f"{document.text}\n")
            if source.column is not None:
                report.columns[name] = source.column
            if source.left_out:
                report.left_out[name] = source.left_out
    return records


def _cleaned(raw, report) -> Document | None:
    text = raw.text.strip()
    if not text:
        report.empty += 1
        return None
    label = raw.label and one_line(raw.label).strip()
    if label == "":
        report.unlabelled += 1
        if not report.kept_unlabelled:
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
        found = Counter({name: int(counts[code]) for name, code in records.labels.items() if name})
        report.labels = dict((+found).most_common())
        report.warnings = label_warnings(report.labels, "the corpus")
