"""Files that are written whole, JSON, and locks that one process holds at a time."""

import contextlib
import errno
import fcntl
import json
import logging
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from scale_vae_keras.errors import InputError

RESTORE = "restore it from a copy, or choose another folder"
"""What to do with a file of a folder's own that is broken."""

_logger = logging.getLogger("scale_vae_keras")
_SCRATCH = ".unfinished"
_ADDRESS = re.compile("[a-z][a-z0-9+.-]+:/", re.IGNORECASE)


@contextlib.contextmanager
def written_whole(path: str | os.PathLike, replace: bool = True) -> Iterator[Path]:
    """Gives a temporary path beside `path` to write to, and renames it when the block succeeds.

    The temporary name keeps the suffix of `path`. A file is replaced by a file, and a folder by a
    folder; on failure it stays as it was and nothing else is left behind. What is written is on the
    disk before it appears. A process that is killed leaves its scratch folder, see
    `remove_scratch`. A link stays, and what it leads to is replaced. A device or pipe is written to
    when the block succeeds.

    Args:
        path: the file or folder to appear.
        replace: whether a folder that is there and not empty is replaced; if not, it stays.

    Raises:
        OSError: it cannot be written; or a folder is there and stays.
        IsADirectoryError: a folder is there, and a file was written.
    """
    stream = _stream(path)
    if stream is not None:
        with tempfile.TemporaryDirectory() as scratch:
            temporary = Path(scratch) / Path(path).name
            yield temporary
            sys.stdout.flush()
            opened = os.dup(stream) if isinstance(stream, int) else stream
            with open(temporary, "rb") as source, open(opened, "wb") as target:
                shutil.copyfileobj(source, target)
        return
    path = Path(os.path.realpath(path) if os.path.islink(path) else path)
    with _scratch_folder(path) as scratch, _named(path):
        temporary = Path(scratch) / path.name
        yield temporary
        if path.is_dir() and temporary.is_file():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        flush_tree(temporary)
        if replace and path.is_dir():
            os.replace(path, Path(scratch) / "old")
        os.replace(temporary, path)
        flush(path.parent)


@contextlib.contextmanager
def _named(path):
    """Says which file could not be written where the system does not, as with a full disk."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(path)
        raise


def _stream(path) -> str | os.PathLike | int | None:
    """What to open where a path is no file to replace: a pipe, a device, or an open descriptor.

    `/dev/stdout` is the descriptor and not the file that it may lead to, which has other text.
    """
    for each in (path, os.readlink(path) if os.path.islink(path) else path):
        folder, name = os.path.split(each)
        if os.path.realpath(folder) == os.path.realpath("/proc/self/fd") and name.isdecimal():
            return int(name)
    if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        return path
    return None


def _scratch_folder(path):
    try:
        return tempfile.TemporaryDirectory(
            dir=path.parent, prefix=f".{path.name}.", suffix=_SCRATCH
        )
    except OSError as error:
        # By the name that the caller knows.
        raise OSError(error.errno, os.strerror(error.errno), str(path)) from error


def remove_scratch(folder: str | os.PathLike, name: str = "*") -> None:
    """Removes what `written_whole` left behind below a folder in a process that was killed.

    Args:
        folder: the folder.
        name: name of what was to appear; whatever it was by default.
    """
    for scratch in list(Path(folder).rglob(f".{name}.*{_SCRATCH}")):
        shutil.rmtree(scratch, ignore_errors=True)


def flush_tree(path: Path) -> None:
    """As `flush`, for a file or folder with all that is in it."""
    for part in (*path.rglob("*"), path):
        flush(part)


def flush(path: str | os.PathLike) -> None:
    """Waits until a file, or the list of names of a folder, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_local(path: str | os.PathLike) -> None:
    """Refuses the address of a store, which would be the name of a folder here.

    Raises:
        InputError: it is one, such as `gs://BUCKET/FOLDER`.
    """
    if _ADDRESS.match(os.fspath(path)):
        raise InputError(f"{path} is no place on this machine: write to a folder, and copy that")


def check_place(path: str | os.PathLike) -> None:
    """Refuses, before long work, a file that could not be written after it.

    Raises:
        InputError: it is a folder or the address of a store, or what it would stand in is missing,
            a file, or cannot be written to.
    """
    check_local(path)
    if _stream(path) is not None:
        return
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path} is a folder: give the name of a file")
    if not path.parent.exists():
        raise InputError(f"there is no folder {path.parent}: make it first")
    _check_writable(path.parent)


def check_folder_place(path: str | os.PathLike) -> None:
    """Refuses, before long work, a folder that could not be made or filled after it.

    Raises:
        InputError: it is the address of a store; or it, or what it would be made in, is a file or
            cannot be written to.
    """
    check_local(path)
    path = Path(path)
    if path.exists() and not path.is_dir():
        raise InputError(f"{path} is a file: choose a folder that is not there yet")
    _check_writable(next(each for each in (path, *path.absolute().parents) if each.exists()))


def _check_writable(folder):
    if not folder.is_dir():
        raise InputError(f"{folder} is a file: give a place in a folder")
    if not os.access(folder, os.W_OK):
        raise InputError(f"{folder} cannot be written to: give another folder")


def write_json(path: str | os.PathLike, content: dict) -> None:
    """Writes a JSON object, indented, whole or not at all."""
    with written_whole(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def read_json(path: str | os.PathLike, advice: str, *names: str) -> dict:
    """The JSON object that a file holds.

    Args:
        path: the file.
        advice: what to do where it cannot be read.
        *names: entries that it must have.

    Raises:
        InputError: the file cannot be read, is no JSON object, or lacks an entry.
    """
    try:
        content = dict(json.loads(Path(path).read_text(encoding="utf-8")))
        missing = set(names) - content.keys()
        if missing:
            raise KeyError(*sorted(missing))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(f"{path} cannot be read: {advice} ({error!r})") from error
    return content


@contextlib.contextmanager
def locked(path: str | os.PathLike, wait: bool = False) -> Iterator[bool]:
    """Holds a lock that one process, and one block in it, has at a time.

    The lock ends with its process, however that ends. The file is removed at the end of the block;
    one that a killed process left behind locks nothing. Gives whether there is a lock: a file
    system that has none gives a warning, and then nothing is locked.

    Args:
        path: the file of the lock, which is made.
        wait: whether to wait until the lock is free.

    Raises:
        BlockingIOError: another process, or another block of this one, holds the lock, and `wait`
            is false.
        OSError: the file cannot be made.
    """
    operation = fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB
    descriptor, holds = _lock(path, operation)
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield holds
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        os.close(descriptor)


@contextlib.contextmanager
def locked_alone(path: str | os.PathLike, doing: str) -> Iterator[None]:
    """As `locked`; where another holds the lock, it is said who, and what that one does.

    Args:
        path: the file of the lock, which is made.
        doing: what the holder does and what to do about it, after its name.

    Raises:
        InputError: another process, or another block of this one, holds the lock.
        OSError: the file cannot be made.
    """
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(path))
        except BlockingIOError as error:
            raise InputError(f"{lock_holder(path)} {doing}") from error
        yield


def lock_holder(path: str | os.PathLike) -> str:
    """Who holds a lock, in words for a message."""
    try:
        number = Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        number = ""
    return f"process {number}" if number else "another process"


def _lock(path, operation):
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, operation)
        except BlockingIOError:
            os.close(descriptor)
            raise
        except OSError as error:
            _logger.warning("%s: no lock, since the file system has none (%s)", path, error)
            return descriptor, False
        # Its holder may have removed the file after it was opened here: then it locks nothing.
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.stat(path), os.fstat(descriptor)):
                return descriptor, True
        os.close(descriptor)
