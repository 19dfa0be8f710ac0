"""The versions of a served model."""

import os
import re
from pathlib import Path

_NUMBER = re.compile("[1-9][0-9]*")


def version_numbers(directory: str | os.PathLike) -> list[int]:
    """The numbers of the versions in a served model's folder, ascending.

    Args:
        directory: the folder; an entry that is not a folder named by a number is no version.
    """
    return sorted(
        int(entry.name)
        for entry in Path(directory).iterdir()
        if _NUMBER.fullmatch(entry.name) and entry.is_dir()
    )
