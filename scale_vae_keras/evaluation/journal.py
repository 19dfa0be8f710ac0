"""A file that keeps the finished part of a long evaluation."""

import hashlib
import logging
import os
import time
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from scale_vae_keras.errors import InputError
from scale_vae_keras.files import written_whole

_logger = logging.getLogger("scale_vae_keras")

_SECONDS_BETWEEN_WRITES = 30.0


class Journal:
    """Rows of figures of an evaluation that can be interrupted.

    Args:
        path: the file; it need not exist.
        inputs: everything that the figures depend on; a journal of other inputs is refused.
    """

    def __init__(self, path: str | os.PathLike, inputs: Iterable[np.ndarray]):
        self.path = Path(path)
        digest = hashlib.sha256()
        for values in inputs:
            digest.update(np.ascontiguousarray(values).tobytes())
        self.key = digest.hexdigest()
        self._next_write = time.monotonic() + _SECONDS_BETWEEN_WRITES

    def load(self, empty: np.ndarray) -> np.ndarray:
        """The rows that the file holds, or `empty` where there is no file.

        A file that was cut off is dropped with a warning: what it held is computed again.

        Raises:
            InputError: the file is not a journal, or belongs to other inputs.
        """
        if not self.path.exists():
            return empty
        try:
            with self.path.open("rb") as file, np.load(file) as content:
                key, rows = str(content["key"]), content["rows"]
        except (zipfile.BadZipFile, EOFError):
            _logger.warning("%s was cut off and is dropped: starting again", self.path)
            self.path.unlink()
            return empty
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"{self.path} is not an evaluation journal: remove it") from error
        if key != self.key:
            raise InputError(f"{self.path} belongs to another evaluation: remove it to start again")
        return rows

    def save(self, rows: np.ndarray) -> None:
        """Writes the rows, at most twice per minute; a reader never sees a half-written file.

        Where they cannot be written, a warning says so once, and the evaluation continues.
        """
        if time.monotonic() < self._next_write:
            return
        try:
            with written_whole(self.path) as temporary, temporary.open("wb") as file:
                np.savez(file, key=self.key, rows=rows)
        except OSError as error:
            _logger.warning(
                "%s cannot be written (%s): the evaluation continues, and would start again if it "
                "were interrupted",
                self.path,
                error.strerror,
            )
            self._next_write = float("inf")
            return
        self._next_write = time.monotonic() + _SECONDS_BETWEEN_WRITES

    def remove(self) -> None:
        """Removes the file at the end of the evaluation."""
        self.path.unlink(missing_ok=True)
