"""Defines what a line of text is, and how files are decoded.

A line ends at a line feed, or a carriage return and a line feed, and at nothing else: not at
U+2028, U+0085, a vertical tab, a form feed or a file separator, which `str.splitlines` splits at.
"""

import codecs
import contextlib
import io
import os
import re
import sys
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from scale_vae_keras.errors import InputError

_BLOCK_BYTES = 1 << 16
# UTF-32's mark begins with that of UTF-16, so that it comes first.
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_NO_TEXTS = (
    (b"\x1f\x8b", "compressed", "unpack it with gunzip"),
    (b"PK\x03\x04", "an archive or an Excel file", "unpack it, or save the sheet as CSV"),
)
"""How files begin that are no text, what they are, and what to do."""

_BREAK = "\t\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"
_BREAKS = re.compile(f"[{_BREAK}]+")
_CONTEXT = 20
_LOOKED_AT, _FEWEST_LABELS = 10, 3

_HALF_SURROGATES = re.compile("[\ud800-\udfff]")


def one_line(text: str) -> str:
    """A text on one line, as a corpus holds it.

    Each run of tabs and line breaks, whichever program's, is one space, and nothing at the ends.
    """
    return _BREAKS.sub(" ", text.strip(_BREAK))


def check_writable(text: str, what: str) -> None:
    """Refuses a string that UTF-8 cannot write.

    Args:
        text: the string.
        what: what to call it in the error.

    Raises:
        InputError: it holds half of a surrogate pair.
    """
    if _HALF_SURROGATES.search(text):
        raise InputError(
            f"{what} holds half of a surrogate pair, which UTF-8 cannot write: decode it again"
        )


def has_labels(lines: Iterable[str], name: str) -> bool:
    """Whether lines are `label<TAB>text`: the first one that is not blank holds a tab then.

    Args:
        lines: those of a text; ten that are not blank are looked at.
        name: what to call the text in an error.

    Raises:
        InputError: of those lines all hold a tab but the first.
    """
    sentences = []
    # Bytes that cannot be read are refused where they are read, not here.
    with contextlib.suppress(InputError):
        sentences += islice(filter(str.strip, lines), _LOOKED_AT)
    first, *others = ["\t" in sentence for sentence in sentences] or [False]
    if not first and len(others) >= _FEWEST_LABELS and all(others):
        raise InputError(
            f"{name}: the first sentence has no label, and those after it have: "
            "write label<TAB>text on every line, or remove a line that is a header"
        )
    return first


def looked_at(lines: Iterator[str], name: str) -> tuple[bool, Iterator[str]]:
    """Whether lines are `label<TAB>text`, see `has_labels`, and all of them again.

    They are read once: those of a pipe do not come again.
    """
    head, sentences = [], 0
    for line in lines:
        head.append(line)
        sentences += bool(line.strip())
        if sentences == _LOOKED_AT:
            break
    return has_labels(head, name), chain(head, lines)


def split_label(line: str) -> tuple[str, str] | None:
    """The label and text of `label<TAB>text`, two empty strings of a blank line.

    The label of `<TAB>text` is empty: the sentence has no label. White space around a label is no
    part of it.

    Returns:
        Label and text, or None if the line is not blank and holds no tab.
    """
    label, tab, text = line.partition("\t")
    if tab and line.strip():
        return label.strip(), text
    return None if line.strip() else ("", text)


def text_encoding(head: bytes, name: str, encoding: str | None = None) -> tuple[str, int]:
    """Tells the encoding of a file by its first bytes.

    Args:
        head: the first bytes, a few thousand.
        name: what to call the file in an error.
        encoding: the encoding's name; by default that of the byte order mark, UTF-8 without one.

    Returns:
        Python's name of the encoding, and how many bytes the byte order mark has.

    Raises:
        InputError: the encoding is unknown or another than the mark's, or there are NUL bytes
            and neither a mark nor a name.
    """
    mark = next((mark for mark in _MARKS if head.startswith(mark)), b"")
    if encoding is None:
        for start, kind, advice in _NO_TEXTS:
            if head.startswith(start):
                raise InputError(f"{name} is {kind}: {advice}")
        if not mark and b"\0" in head:
            raise InputError(
                f"{name} holds NUL bytes: it is not UTF-8 text, perhaps UTF-16 without a byte "
                "order mark; write it in UTF-8, or name its encoding, such as utf-16-le"
            )
        return _MARKS.get(mark, "utf-8"), len(mark)
    try:
        codec = codecs.lookup(encoding)
        # Codecs such as base64 are no text encodings; only `str.encode` refuses them by name.
        "".encode(encoding)
    except LookupError as error:
        raise InputError(
            f'unknown encoding "{encoding}": give one that Python knows, such as utf-8, latin-1, '
            "cp1252, utf-16 or gb18030"
        ) from error
    if not mark:
        if codec.name in ("utf-16", "utf-32"):
            return f"{codec.name}-{sys.byteorder[0]}e", 0
        return ("utf-8" if codec.name == "utf-8-sig" else codec.name), 0
    if not _MARKS[mark].startswith(codec.name.removesuffix("-sig")):
        raise InputError(
            f"{name} begins with the byte order mark of {_MARKS[mark]}: it is not {encoding}; "
            "leave the encoding out"
        )
    return _MARKS[mark], len(mark)


def decoded_lines(file: BinaryIO, name: str, encoding: str | None = None) -> Iterator[str]:
    """Yields the lines of a text without their line ends; it is streamed.

    Args:
        file: the text's bytes.
        name: what to call it in an error.
        encoding: as for `text_encoding`.

    Raises:
        InputError: bytes do not belong to the encoding; as `text_encoding`.
    """
    return chain.from_iterable(_blocks_of_lines(file, name, encoding))


def file_lines(path: str | os.PathLike, encoding: str | None = None) -> Iterator[str]:
    """Yields the lines of a file without their line ends; it is streamed.

    Args:
        path: the file.
        encoding: as for `text_encoding`.

    Raises:
        OSError: the file cannot be read.
        InputError: bytes do not belong to the encoding; as `text_encoding`.
    """
    with open(path, "rb") as file:
        yield from decoded_lines(file, os.fspath(path), encoding)


def read_lines(
    source: str | os.PathLike | BinaryIO | None, labelled: bool, encoding: str | None = None
) -> tuple[list[str], list[str] | None]:
    r"""Reads the lines of a text, or of a split of a corpus.

    Args:
        source: a file's path, an open binary file, or None or "-" for standard input.
        labelled: whether lines may have labels, as those of a run on a labelled corpus. They have
            if the first line that is not blank holds a tab: every line is `label<TAB>text` then.
            If not, a tab is a part of the text.
        encoding: as for `text_encoding`.

    Returns:
        The texts, and their labels, or None where lines have none; a blank line's label is empty.

    Raises:
        InputError: the source cannot be read, has no line or bytes that do not belong to the
            encoding, or a line of a labelled text has no label.

    Example:
        >>> import io
        >>> sv.data.read_lines(io.BytesIO(b"good\tI like it\nbad\tI do not\n"), labelled=True)
        (['I like it', 'I do not'], ['good', 'bad'])
    """
    if source is None or source == "-":
        source, name = sys.stdin.buffer, "standard input"
    elif isinstance(source, str | os.PathLike):
        name = os.fspath(source)
        try:
            source = io.BytesIO(Path(source).read_bytes())
        except OSError as error:
            raise InputError(f"cannot read {name}: {error.strerror}") from error
    else:
        name = getattr(source, "name", "the text")
    lines = list(decoded_lines(source, name, encoding))
    if not lines:
        raise InputError(f"{name} is empty: give at least one line of text")
    if not labelled or not has_labels(lines, name):
        return lines, None
    parts = [split_label(line) for line in lines]
    if None in parts:
        raise no_label(name, parts.index(None) + 1)
    return [text for _, text in parts], [label for label, _ in parts]


def no_label(name: str, number: int) -> InputError:
    """The error of a line without a label in a file whose first line has one."""
    return InputError(
        f"{name}, line {number}: there is no label; write label<TAB>text on every line"
    )


def _blocks_of_lines(file, name, encoding) -> Iterator[list[str]]:
    """Yields the lines that end in each block; a line longer than a block is joined only once."""
    begun = []
    ended = 0
    for text in _decoded_blocks(file, name, encoding):
        if isinstance(text, UnicodeDecodeError):
            raise _undecodable(text, name, encoding, ended, begun)
        if "\n" not in text:
            begun.append(text)
            continue
        first, *lines = text.split("\n")
        lines.insert(0, "".join((*begun, first)))
        begun = [lines.pop()]
        ended += len(lines)
        # A carriage return may have come at the end of the block before.
        if "\r" in text or lines[0].endswith("\r"):
            lines = [line.removesuffix("\r") for line in lines]
        yield lines
    if rest := "".join(begun):
        yield [rest]


def _decoded_blocks(file, name, encoding) -> Iterator[str | UnicodeDecodeError]:
    """Yields text; where bytes cannot be decoded, what precedes them and then the error."""
    head = file.read(_BLOCK_BYTES)
    codec, mark = text_encoding(head, name, encoding)
    decoder = codecs.getincrementaldecoder(codec)()
    blocks = chain([head[mark:]], iter(lambda: file.read(_BLOCK_BYTES), b""))
    try:
        for block in blocks:
            yield decoder.decode(block)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        yield error.object[: error.start].decode(codec, "replace")
        yield error


def _undecodable(error, name, encoding, ended, begun) -> InputError:
    bad = error.object[error.start : error.end].hex(" ")
    before = "".join(begun)[-_CONTEXT:]
    place = f' after "{before}"' if before else ""
    noun = "byte" if len(bad) == 2 else "bytes"
    advice = (
        "write the file in UTF-8, or name its encoding, such as latin-1"
        if encoding is None
        else "name another encoding"
    )
    return InputError(
        f"{name}, line {ended + 1}: the {noun} {bad}{place} cannot be read as {error.encoding}; "
        f"{advice}"
    )
