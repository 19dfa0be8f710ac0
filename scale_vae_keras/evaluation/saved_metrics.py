"""The metrics of a run, as they were saved."""

import logging
from pathlib import Path

from scale_vae_keras.evaluation.evaluate import Metrics
from scale_vae_keras.files import read_json

AGAIN = "run scale-vae evaluate again"
"""What to do where metrics cannot be used."""

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
    metrics = read_json(path, AGAIN)
    if model.is_file() and path.stat().st_mtime < model.stat().st_mtime:
        _logger.warning("%s is older than %s: %s", path, model.name, AGAIN)
    return metrics
