"""Folders that are made once, by whichever process needs one first."""

import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from scale_vae_keras.errors import InputError
from scale_vae_keras.files import lock_holder, locked, remove_scratch, written_whole

_logger = logging.getLogger("scale_vae_keras")
_WAIT_SECONDS = 0.2


def made_once(
    cache: str | os.PathLike, key: Mapping[str, object], make: Callable[[Path], None]
) -> Path:
    """A folder in a cache, which is made if it does not exist yet.

    One process makes it and others wait for it. It appears whole or not at all: what a killed
    process left unfinished is removed and made again.

    Args:
        cache: the folder of the cache, which is made if it is not there.
        key: all that the contents depend on, as for JSON.
        make: fills a new, empty folder.

    Raises:
        InputError: the cache cannot be written to.
    """
    name = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
    folder = Path(cache) / name
    try:
        Path(cache).mkdir(parents=True, exist_ok=True)
        _make_or_wait(folder, make)
    except OSError as error:
        raise InputError(
            f"the cache {cache} cannot be written to ({error.strerror or error}): "
            "name another folder, or leave it out"
        ) from error
    return folder


def _make_or_wait(folder, make):
    lock = folder.with_name(f".{folder.name}.lock")
    told = False
    while not folder.is_dir():
        try:
            with locked(lock):
                if not folder.is_dir():
                    remove_scratch(folder.parent, folder.name)
                    _make(folder, make)
        except BlockingIOError:
            if not told:
                _logger.info("waiting for %s, which makes %s", lock_holder(lock), folder)
            told = True
            time.sleep(_WAIT_SECONDS)


def _make(folder, make):
    try:
        with written_whole(folder, replace=False) as temporary:
            temporary.mkdir()
            make(temporary)
    except OSError:
        # On a file system without locks another process may have been first.
        if not folder.is_dir():
            raise
