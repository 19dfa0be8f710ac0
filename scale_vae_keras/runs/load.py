"""Opens a trained model with its tokenizer, for use with strings."""

import os
from pathlib import Path

from scale_vae_keras.errors import InputError
from scale_vae_keras.files import read_json
from scale_vae_keras.model_file import load_model
from scale_vae_keras.runs.in_precision import in_precision
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.text.loading import load_tokenizer
from scale_vae_keras.text.tokenizer import SETTINGS_FILE
from scale_vae_keras.text_model import LENGTH_FILE, MODEL_FILE, TextModel


def load(path: str | os.PathLike, precision: str | None = None) -> TextModel:
    """Opens the best model of a run, or what `TextModel.save` wrote.

    Args:
        path: the run folder, or the folder that was saved.
        precision: what encoder and decoder compute in, "float32", "bfloat16" or
            "float16"; None for the precision that the model was trained in.

    Raises:
        InputError: the folder is neither, or it is broken.

    Example:
        >>> sv.load("RUN").generate(2, seed=1)
        ['the soup was great .', 'i will not be back .']
    """
    if (Path(path) / SETTINGS_FILE).exists():
        tokenizer = load_tokenizer(path)
        model = in_precision(load_model(Path(path) / MODEL_FILE), precision)
        return TextModel(model, tokenizer, _saved_length(Path(path) / LENGTH_FILE))
    folder = RunFolder(path)
    if not folder.config_path.exists() and Path(path).is_dir():
        raise InputError(f"{path} is not a run folder, and holds no model that was saved")
    return TextModel(folder.load_model(precision), folder.tokenizer, folder.config.max_length + 1)


def _saved_length(path):
    if not path.exists():  # in a folder that an earlier version saved
        return None
    return read_json(path, "save the model again", "max_length")["max_length"]
