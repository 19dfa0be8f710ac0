"""Models from files."""

import os
import zipfile
from pathlib import Path

import keras

import scale_vae_keras.models as _registered  # noqa: F401
from scale_vae_keras.errors import InputError


def load_model(path: str | os.PathLike, compile: bool = True) -> keras.Model:
    """Loads a model that `model.save` has written, in Keras' safe mode.

    It is `keras.saving.load_model`, which knows the models once one of this package is used or
    where Keras is imported before this package.

    Args:
        path: a `.keras` file.
        compile: whether to restore the optimizer too.

    Raises:
        InputError: there is no such file, it is a folder or broken, or a part of the model needs
            what is not installed.
    """
    if Path(path).is_dir():
        raise InputError(f"{path} is a folder: name its .keras file; sv.load takes that of a run")
    if not Path(path).is_file():
        raise InputError(f"there is no model file {path}")
    if not zipfile.is_zipfile(path):
        # Keras says that the file is not found.
        raise InputError(
            f"{path} cannot be loaded: it is empty, cut short or not a .keras file; copy it again"
        )
    try:
        return keras.saving.load_model(path, compile=compile)
    except Exception as error:
        error = _own_error(error) or error
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(f"{path} cannot be loaded: {reason}") from error


def _own_error(error):
    """What this package said, where Keras has put words of its own around it."""
    while error is not None and not isinstance(error, InputError):
        error = error.__cause__ or error.__context__
    return error
