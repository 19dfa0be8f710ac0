"""A file that keeps the part of a long evaluation that is done."""

import hashlib
import os
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from scale_vae_keras.errors import InputError

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

        Raises:
            InputError: the file is not a journal, or belongs to other inputs.
        """
        if not self.path.exists():
            return empty
        try:
            with np.load(self.path) as file:
                key, rows = str(file["key"]), file["rows"]
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"{self.path} is not an evaluation journal: remove it") from error
        if key != self.key:
            raise InputError(f"{self.path} belongs to another evaluation: remove it to start anew")
        return rows

    def save(self, rows: np.ndarray) -> None:
        """Writes the rows, at most twice a minute; a reader never sees a half-written file."""
        if time.monotonic() < self._next_write:
            return
        unfinished = self.path.with_name(f"{self.path.name}.unfinished")
        with open(unfinished, "wb") as file:
            np.savez(file, key=self.key, rows=rows)
        unfinished.replace(self.path)
        self._next_write = time.monotonic() + _SECONDS_BETWEEN_WRITES

    def remove(self) -> None:
        """Removes the file at the end of the evaluation."""
        self.path.unlink(missing_ok=True)
