"""Models from files."""

import os
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
        InputError: there is no such file.
    """
    if not Path(path).is_file():
        raise InputError(f"there is no model file {path}")
    return keras.saving.load_model(path, compile=compile)
