"""Reads the user's files: text, tables, JSON lines, Parquet, folders of texts."""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from scale_vae_keras.errors import InputError, did_you_mean, needs
from scale_vae_keras.text.labelled_text import label_text
from scale_vae_keras.text.lines import decoded_lines, file_lines, looked_at, no_label, split_label

_KINDS = {
    ".csv": "CSV",
    ".tsv": "TSV",
    ".jsonl": "JSON lines",
    ".ndjson": "JSON lines",
    ".json": "JSON lines",
    ".parquet": "Parquet",
}
_DELIMITERS = ",;\t"
_BATCH_ROWS = 4096
_BUFFER_BYTES = 1 << 20
# The csv module refuses longer values; its own limit, 128 KiB, is below that of a long document.
_LONGEST_VALUE = 1 << 30


class Document(NamedTuple):
    """One text as it was read.

    Attributes:
        text: the text, with its line breaks; empty where there is none.
        label: the label, empty where it is missing; None where no labels were asked for.
    """

    text: str
    label: str | None


@dataclass
class Source:
    """One input of `prepare`.

    Args:
        path: a file or a folder of text files.
        text: the column with the text; by default `text`, or the only one.
        label: the column with the label; None for no labels.
        encoding: encoding of the file or files, see `text.lines.text_encoding`.

    Attributes:
        column: the column that the text was read from; None before, and of text without columns.
        left_out: files of a folder whose name does not end in `.txt`.
    """

    path: Path
    text: str | None = None
    label: str | None = None
    encoding: str | None = None
    column: str | None = field(default=None, init=False)
    left_out: int = field(default=0, init=False)

    @property
    def kind(self) -> str:
        """The format: that of the file's suffix, text of any other."""
        if self.path.is_dir():
            return "folder of texts"
        return _KINDS.get(self.path.suffix.lower(), "text")

    def check_installed(self) -> None:
        """Refuses a format whose library is missing.

        Raises:
            InputError: the file is Parquet, and pyarrow is not installed.
        """
        if self.kind == "Parquet":
            _pyarrow()

    def documents(self) -> Iterator[Document]:
        """Yields the documents in the order of the file, or of the files' paths; streamed.

        Raises:
            InputError: the file cannot be read, has no such column, or a row of another form.
        """
        readers = {
            "folder of texts": self._folder,
            "text": self._lines,
            "CSV": self._table,
            "TSV": self._table,
            "JSON lines": self._json,
            "Parquet": self._parquet,
        }
        if self.kind in ("folder of texts", "text") and (self.text or self.label):
            raise InputError(f"{self.path} has no columns: leave --text and --label out")
        try:
            yield from readers[self.kind]()
        except OSError as error:
            raise InputError(f"cannot read {self.path}: {error.strerror or error}") from error

    def _folder(self) -> Iterator[Document]:
        if (self.path / "train.txt").exists():
            raise InputError(
                f"{self.path} holds train.txt, as a corpus does: name the files to read, such as "
                f"{self.path / 'train.txt'}"
            )
        inside = [path for path in self.path.rglob("*") if path.is_file()]
        # Names that begin with a dot are those of other programs' files.
        shown = [path for path in inside if not path.name.startswith(".")]
        files = sorted(path for path in shown if path.suffix.lower() == ".txt")
        self.left_out = len(shown) - len(files)
        if not files:
            raise InputError(f"{self.path} has no file whose name ends in .txt: give some")
        for path in files:
            yield Document("\n".join(file_lines(path, self.encoding)), None)

    def _lines(self) -> Iterator[Document]:
        """One document per line; with labels by the same rule as in a corpus folder."""
        labelled, lines = looked_at(file_lines(self.path, self.encoding), str(self.path))
        for number, line in enumerate(lines, start=1):
            if not labelled:
                yield Document(line, None)
                continue
            parts = split_label(line)
            if parts is None:
                raise no_label(str(self.path), number)
            yield Document(parts[1], parts[0])

    def _table(self) -> Iterator[Document]:
        rows = self._rows()
        _, names = next(rows, (1, None))
        if not names:
            raise InputError(f"{self.path} has no first line: it names the columns")
        text, label = self._columns([name.strip() for name in names])
        for number, row in rows:
            if row and len(row) != len(names):
                raise InputError(
                    f"{self.path}, line {number}: {len(row)} values, and the first line names "
                    f"{len(names)} columns; put a value that holds the delimiter or a line break "
                    "between quotation marks in a .csv file"
                )
            yield self._document(
                row[text] if row else "", "" if not row or label is None else row[label]
            )

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yields the number of a row's last line, and its values.

        A .tsv file has no quotation marks: by its definition no value holds a tab or line break.
        """
        with open(self.path, "rb") as file:
            lines = decoded_lines(file, str(self.path), self.encoding)
            if self.kind == "TSV":
                for number, line in enumerate(lines, start=1):
                    yield number, line.split("\t") if line else []
                return
            first = next(lines, "")
            delimiter = max(_DELIMITERS, key=first.count)
            csv.field_size_limit(_LONGEST_VALUE)
            numbered = (f"{line}\n" for part in ([first], lines) for line in part)
            reader = csv.reader(
                numbered, delimiter=delimiter, skipinitialspace=delimiter != "\t", strict=True
            )
            try:
                for row in reader:
                    yield reader.line_num, row
            except csv.Error as error:
                raise InputError(
                    f"{self.path}, line {reader.line_num}: this is not CSV ({error})"
                ) from error

    def _json(self) -> Iterator[Document]:
        text, keys = None, {}
        for number, line in enumerate(file_lines(self.path, self.encoding), start=1):
            if not line.strip():
                yield self._document("", "")
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                reason = getattr(error, "msg", error)
                raise InputError(
                    f"{self.path}, line {number}: this is not one JSON object ({reason}); "
                    "write one on each line"
                ) from error
            if not isinstance(row, dict):
                raise InputError(
                    f"{self.path}, line {number}: this is not a JSON object; write one per line"
                )
            keys |= dict.fromkeys(row)
            if text is None:
                # Objects may lack the label, the first one as well.
                others = [name for name in row if name != self.label]
                text, _ = self._column_names([*others, self.label] if self.label else others)
            yield self._document(
                _json_text(row.get(text), f"{self.path}, line {number}", text),
                _label(row.get(self.label), f"{self.path}, line {number}"),
            )
        if self.label not in {None, *keys} and keys:
            self._column_names(list(keys))

    def _parquet(self) -> Iterator[Document]:
        pyarrow = _pyarrow()
        try:
            # Without these two, pyarrow holds whole row groups, or the whole file.
            streaming = {"pre_buffer": False, "buffer_size": _BUFFER_BYTES}
            with pyarrow.parquet.ParquetFile(self.path, **streaming) as file:
                names = [name for name in self._column_names(file.schema_arrow.names) if name]
                kind = file.schema_arrow.field(names[0]).type
                if pyarrow.types.is_dictionary(kind):
                    kind = kind.value_type
                if not (pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind)):
                    raise InputError(
                        f"{self.path}: the column {names[0]} holds {kind}: choose one of strings"
                    )
                for batch in file.iter_batches(_BATCH_ROWS, columns=list(dict.fromkeys(names))):
                    texts = batch.column(names[0]).cast(pyarrow.string()).to_pylist()
                    labels = [""] * len(batch)
                    if self.label:
                        column = batch.column(names[1])
                        floating = pyarrow.types.is_floating(column.type)
                        column = column if floating else column.cast(pyarrow.string())
                        labels = column.to_pylist()
                    for text, label in zip(texts, labels, strict=True):
                        yield self._document(text or "", _label(label, str(self.path)))
        except pyarrow.ArrowException as error:
            reason = " ".join(str(error).split())
            raise InputError(f"{self.path} cannot be read as Parquet: {reason}") from error

    def _document(self, text: str, label: str) -> Document:
        return Document(text, label if self.label else None)

    def _columns(self, names: list[str]) -> tuple[int, int | None]:
        text, label = self._column_names(names)
        return names.index(text), None if label is None else names.index(label)

    def _column_names(self, names: list[str]) -> tuple[str, str | None]:
        listed = ", ".join(names)
        if repeated := [name for name, count in Counter(names).items() if count > 1]:
            raise InputError(
                f"{self.path} has {repeated[0]!r} as the name of several columns: rename them"
            )
        for name in (self.text, self.label):
            if name is not None and name not in names:
                raise InputError(
                    f"{self.path} has no column {name}: choose one of {listed}"
                    f"{did_you_mean(name, names)}"
                )
        self.column = self.text or self._only_column(names, listed)
        return self.column, self.label

    def _only_column(self, names, listed):
        others = [name for name in names if name != self.label]
        if "text" in others:
            return "text"
        if len(others) != 1:
            raise InputError(
                f"which column of {self.path} holds the text? Name it with --text: {listed}"
            )
        return others[0]


def _pyarrow() -> ModuleType:
    with needs("Parquet needs pyarrow", "prepare"):
        # pyarrow reads Parquet batch by batch, and needs nothing else; csv and json are
        # Python's own, whose errors name the line.
        import pyarrow
        import pyarrow.parquet
    return pyarrow


def _json_text(value, place, name) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InputError(f"{place}: {name} is {json.dumps(value)[:40]}: it must be a string")
    return value


def _label(value, place) -> str:
    if isinstance(value, dict | list):
        raise InputError(f"{place}: the label is {json.dumps(value)[:40]}: give a string or number")
    return label_text(value)
