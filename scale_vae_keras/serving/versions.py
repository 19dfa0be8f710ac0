"""The versions of a served model."""

import os
import re
from pathlib import Path

_NUMBER = re.compile("[0-9]+")
LARGEST_VERSION = 2**63 - 1
"""The largest number of a version, that of an int64."""


def version_folders(directory: str | os.PathLike) -> dict[int, Path]:
    """The versions in a served model's folder, in ascending order of their numbers.

    As for TensorFlow Serving, `5` and `00000005` are version 5; of two folders with one number the
    one whose name sorts last is the version.

    Args:
        directory: the folder; an entry that is not a folder named by digits is no version, nor is
            a number beyond int64.
    """
    folders = {
        int(entry.name): entry
        for entry in sorted(Path(directory).iterdir())
        if _NUMBER.fullmatch(entry.name) and len(entry.name) < 100 and entry.is_dir()
    }
    return {number: folders[number] for number in sorted(folders) if number <= LARGEST_VERSION}


def version_numbers(directory: str | os.PathLike) -> list[int]:
    """The numbers of the versions in a served model's folder, ascending; see `version_folders`."""
    return list(version_folders(directory))
