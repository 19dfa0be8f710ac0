"""What is said of a run that was stopped."""

import json
import logging

from scale_vae_keras.errors import DivergedError
from scale_vae_keras.runs.checkpoint_folder import checkpoints, position
from scale_vae_keras.runs.run_folder import RunFolder

_logger = logging.getLogger("scale_vae_keras")


def say_why_it_stopped(folder: RunFolder) -> None:
    """Warns of the reason that an earlier training gave up for, which is then forgotten."""
    path = folder.stopped_path
    if path.exists():
        reason = json.loads(path.read_text(encoding="utf-8"))["reason"]
        _logger.warning("the run had stopped before: %s", reason)
        path.unlink()


def what_is_saved(folder: RunFolder, error: Exception | None = None) -> str:
    """Up to where a run is saved, and how to go on after an error."""
    if isinstance(error, DivergedError) and not folder.model_path.exists():
        return (
            "training has diverged before there was a model to keep: start again in another folder "
            f"with a --learning-rate below {folder.config.learning_rate:g}"
        )
    saved = checkpoints(folder.checkpoints)
    if not saved:
        return (
            f"nothing was saved yet; start again with --resume --output {folder.path}, or with "
            "other settings in another folder"
        )
    epochs, steps = position(saved[-1])
    within = f" and {steps} steps of the next" if steps else ""
    best = "the best model so far" if folder.model_path.exists() else "no model to use yet"
    return (
        f"{folder.path} holds epoch {epochs}{within} and {best}; continue with "
        f"--resume --output {folder.path}"
    )
