"""The metrics of a run, as they were saved."""

import json
import logging
from pathlib import Path

from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.evaluate import Metrics

_logger = logging.getLogger("scale_vae_keras")


def read_metrics(path: Path, model: Path) -> Metrics | None:
    """What was measured last; None where there is no file. A warning says if the model is newer.

    Args:
        path: `metrics.json`.
        model: the file of the model.

    Raises:
        InputError: the metrics cannot be read.
    """
    if not path.is_file():
        return None
    try:
        metrics = dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise unreadable(path, error) from error
    if model.is_file() and path.stat().st_mtime < model.stat().st_mtime:
        _logger.warning("%s is older than %s: run scale-vae evaluate again", path, model.name)
    return metrics


def unreadable(path: Path, error: Exception) -> InputError:
    """What to raise where the metrics of a file are not what was saved."""
    return InputError(f"{path} cannot be read: run scale-vae evaluate again ({error!r})")
