"""Writing files so that a reader never sees half of one."""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def written_whole(path: str | os.PathLike) -> Iterator[Path]:
    """Gives a temporary path beside `path` to write to, and renames it when the block succeeds.

    The temporary name keeps the suffix of `path`. A file or folder that is there is replaced; on
    failure it stays as it was and nothing else is left behind.

    Args:
        path: the file or folder to appear.
    """
    path = Path(path)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as scratch:
        temporary = Path(scratch) / path.name
        yield temporary
        if path.is_dir() and temporary.exists():
            shutil.rmtree(path)
        os.replace(temporary, path)


def write_json(path: str | os.PathLike, content: dict) -> None:
    """Writes a JSON object, indented, whole or not at all."""
    with written_whole(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
