"""Whether a run that is resumed is the run that was stopped."""

import json
import logging

import keras
import numpy as np
import tensorflow as tf

from scale_vae_keras import __version__
from scale_vae_keras.errors import InputError
from scale_vae_keras.runs.config import RunConfig, get_system
from scale_vae_keras.runs.run_folder import RunFolder

_logger = logging.getLogger("scale_vae_keras")

_MAY_CHANGE = ("epochs", "replicas")


def describe_run(config: RunConfig) -> dict:
    """The settings and the versions of the libraries, as a checkpoint records them."""
    return {
        "settings": json.loads(json.dumps(config.to_json())),
        "versions": {
            "scale_vae_keras": __version__,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
    }


def check_same_run(recorded: dict, config: RunConfig) -> None:
    """Compares what a checkpoint records with the present; warns where only versions differ.

    Args:
        recorded: what `describe_run` returned when the checkpoint was written.
        config: the settings of the run now.

    Raises:
        InputError: settings differ; says which.
    """
    now = describe_run(config)
    settings, earlier = now["settings"], dict(recorded["settings"])
    earlier["method"] = get_system(earlier["method"]).name  # it may have had another name
    changed = [
        f"{name} was {before} and is {settings[name]}"
        for name, before in earlier.items()
        if name in settings and name not in _MAY_CHANGE and before != settings[name]
    ]
    if changed:
        raise InputError(
            f"config.json has changed since the run was stopped: {'; '.join(changed)}; put it "
            "back, or start a new run"
        )
    others = [
        f"{name} {before}, now {now['versions'][name]}"
        for name, before in recorded["versions"].items()
        if before != now["versions"][name]
    ]
    if others:
        _logger.warning(
            "the run was trained with %s: it continues, but its figures may not agree to the last "
            "digit",
            "; ".join(others),
        )


def change_limits(folder: RunFolder, epochs: int | None, replicas: int) -> None:
    """Writes what may change when a run is resumed; warns of another number of replicas.

    Args:
        folder: the run folder.
        epochs: a new limit of epochs; None keeps the run's own.
        replicas: the number of replicas that it continues with.
    """
    before = folder.config.replicas
    folder.change(
        epochs=folder.config.epochs if epochs is None else epochs,
        replicas=replicas,
    )
    if before not in (None, replicas):
        _logger.warning(
            "the run had %d replicas and continues with %d: it will end as with %d up to rounding, "
            "not to the last digit",
            before,
            replicas,
            before,
        )
