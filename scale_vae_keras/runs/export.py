"""Exports a run, or a model and its tokenizer."""

import os
from pathlib import Path

import keras

from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.saved_metrics import read_metrics
from scale_vae_keras.models.text_vae import TextVAE
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.serving.exporter import publish
from scale_vae_keras.text.tokenizer import Tokenizer
from scale_vae_keras.text_model import TextModel


def export(
    source: TextVAE | str | os.PathLike,
    directory: str | os.PathLike,
    version: int | None = None,
    tokenizer: Tokenizer | None = None,
    max_length: int | None = None,
) -> Path:
    """Exports a model with its tokenizer, or the best model of a run.

    The version appears whole or not at all. Before it appears, a fresh process loads it and runs
    every signature, and the answers are compared with those of the model in this process.

    Args:
        source: a text VAE, or a run folder.
        directory: the model's folder, which holds one folder per version; created if missing.
        version: the number of the version; by default one above the largest that is there.
        tokenizer: the tokenizer that the model was trained with; a run has its own.
        max_length: maximum number of tokens per written sentence, including `</s>`; by default the
            tokenizer's `max_length` and one, or 100; a run has its own.

    Returns:
        The folder of the new version.

    Raises:
        InputError: the run cannot be read, a model has no tokenizer or another's, the version is
            not a positive number or is there already, or a stock server could not run the model.
        RuntimeError: the exported model does not answer as the model in Python does.

    Example:
        >>> sv.serving.export("RUN", "served")
        PosixPath('served/1')
        >>> sv.serving.export(model, "served", tokenizer=tokenizer)
        PosixPath('served/2')
    """
    if isinstance(source, keras.Model):
        if tokenizer is None:
            raise InputError("a model is exported with its tokenizer: give tokenizer=")
        source.ensure_built()
        return TextModel(source, tokenizer, max_length).export(directory, version)
    if tokenizer is not None or max_length is not None:
        raise InputError("a run has its own tokenizer and length: leave them out")
    return _publish_run(source, directory, version)


def _publish_run(run, directory, version):
    folder = RunFolder(run)
    metrics = read_metrics(folder.metrics_path, folder.model_path)
    description = {"method": folder.config.method, "metrics": metrics}
    return publish(
        folder.load_model(),
        folder.tokenizer,
        folder.config.max_length + 1,
        directory,
        version,
        description,
    )
