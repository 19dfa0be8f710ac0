"""Writing files so that a reader never sees half of one."""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_SCRATCH = ".unfinished"


@contextlib.contextmanager
def written_whole(path: str | os.PathLike) -> Iterator[Path]:
    """Gives a temporary path beside `path` to write to, and renames it when the block succeeds.

    The temporary name keeps the suffix of `path`. A file or folder that is there is replaced; on
    failure it stays as it was and nothing else is left behind. What is written is on the disk
    before it appears. A process that is killed leaves its scratch folder, see `remove_scratch`.

    Args:
        path: the file or folder to appear.
    """
    path = Path(path)
    with tempfile.TemporaryDirectory(
        dir=path.parent, prefix=f".{path.name}.", suffix=_SCRATCH
    ) as scratch:
        temporary = Path(scratch) / path.name
        yield temporary
        for part in (*temporary.rglob("*"), temporary):
            _flush(part)
        if path.is_dir():
            os.replace(path, Path(scratch) / "old")
        os.replace(temporary, path)
        _flush(path.parent)


def remove_scratch(folder: str | os.PathLike) -> None:
    """Removes what `written_whole` left behind below a folder in a process that was killed."""
    for scratch in list(Path(folder).rglob(f".*{_SCRATCH}")):
        shutil.rmtree(scratch, ignore_errors=True)


def _flush(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_json(path: str | os.PathLike, content: dict) -> None:
    """Writes a JSON object, indented, whole or not at all."""
    with written_whole(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
