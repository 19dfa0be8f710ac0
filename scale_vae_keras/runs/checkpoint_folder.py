"""Checkpoints on disk: each is complete or not there, and is verified before it is used."""

import contextlib
import hashlib
import json
import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path

from scale_vae_keras.errors import InputError
from scale_vae_keras.files import RESTORE, read_json, written_whole

_logger = logging.getLogger("scale_vae_keras")

_NAME = re.compile(r"epoch-(\d+)(?:-step-(\d+))?")
_MANIFEST = "manifest.json"


@contextlib.contextmanager
def new_checkpoint(folder: Path, epochs: int, steps: int) -> Iterator[Path]:
    """Gives a folder to write files to, which becomes a checkpoint when the block succeeds.

    `manifest.json` with size and SHA-256 of each file is added. The checkpoint is named
    `epoch-0003` after three epochs, `epoch-0003-step-000120` after 120 further steps.

    Args:
        folder: where checkpoints are.
        epochs: finished epochs.
        steps: finished steps of the epoch after them.
    """
    name = f"epoch-{epochs:04d}" + (f"-step-{steps:06d}" if steps else "")
    with written_whole(folder / name) as temporary:
        temporary.mkdir()
        yield temporary
        files = {path.name: _described(path) for path in sorted(temporary.iterdir())}
        (temporary / _MANIFEST).write_text(_manifest(files), encoding="utf-8")


def checkpoints(folder: str | os.PathLike) -> list[Path]:
    """The checkpoints of a folder, oldest first."""
    named = (path for path in Path(folder).glob("epoch-*") if _NAME.fullmatch(path.name))
    return sorted(named, key=position)


def position(checkpoint: Path) -> tuple[int, int]:
    """The finished epochs of a checkpoint, and the finished steps of the epoch after them."""
    epochs, steps = _NAME.fullmatch(checkpoint.name).groups()
    return int(epochs), int(steps or 0)


def read_state(checkpoint: Path) -> dict:
    """The state that a checkpoint holds alongside the model."""
    return read_json(checkpoint / "state.json", RESTORE, "callbacks")


def last_good(folder: str | os.PathLike) -> Path | None:
    """The newest checkpoint whose files are what was written; None where there is none at all.

    Each newer one that is damaged is named in a warning.

    Raises:
        InputError: there are checkpoints, and all of them are damaged.
    """
    found = checkpoints(folder)
    for checkpoint in reversed(found):
        damage = _damage(checkpoint)
        if damage is None:
            return checkpoint
        _logger.warning("the checkpoint %s is not used: %s", checkpoint, damage)
    if found:
        raise InputError(
            f"no checkpoint in {folder} is whole: restore one from a copy, or start a new run in "
            "another folder"
        )
    return None


def _damage(checkpoint: Path) -> str | None:
    try:
        manifest = (checkpoint / _MANIFEST).read_text(encoding="utf-8")
        files = json.loads(manifest)["files"]
        expected_manifest = _manifest(files)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"its {_MANIFEST} cannot be read ({type(error).__name__})"
    if manifest != expected_manifest:
        return f"its {_MANIFEST} is not what was written (truncated or changed)"
    for name, expected in files.items():
        path = checkpoint / name
        if not path.is_file():
            return f"its {name} is missing"
        if _described(path) != expected:
            return f"its {name} is not what was written (truncated or changed)"
    return None


def _manifest(files: dict[str, dict]) -> str:
    return json.dumps({"files": dict(files)}, indent=2) + "\n"


def _described(path: Path) -> dict:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "sha256": digest}
