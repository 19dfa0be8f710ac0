"""Exports a model as a version that TensorFlow Serving can load."""

import contextlib
import os
import shutil
import tempfile
import time
from importlib import metadata
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from scale_vae_keras.default_sampling import TEMPERATURE, TOP_P
from scale_vae_keras.errors import InputError
from scale_vae_keras.files import check_local, flush, flush_tree, locked, write_json
from scale_vae_keras.layers.portable_graphs import portable_graph
from scale_vae_keras.models.text_vae import TextVAE
from scale_vae_keras.serving.portability import check_portable
from scale_vae_keras.serving.rows import MAX_ROWS
from scale_vae_keras.serving.signatures import BEAM_WIDTH, MAX_CHARACTERS, Signatures
from scale_vae_keras.serving.verification import answers_of_fresh_process
from scale_vae_keras.serving.versions import LARGEST_VERSION, version_folders, version_numbers
from scale_vae_keras.serving.warmup import Inputs, write_warmup
from scale_vae_keras.settings import whole_number
from scale_vae_keras.text.tokenizer import Tokenizer

METADATA_FILE = "metadata.json"
_UNFINISHED = ".unfinished-"
_LOCK = "lock"
_BEGINNING = 60.0
_LIBRARIES = ("scale-vae-keras", "tensorflow", "tensorflow-text", "keras", "numpy")


def publish(
    model: TextVAE,
    tokenizer: Tokenizer,
    max_length: int,
    directory: str | os.PathLike,
    version: int | None = None,
    description: dict | None = None,
) -> Path:
    """Exports a model and its tokenizer: what `export` does for a run.

    Args:
        model: a built text VAE.
        tokenizer: the tokenizer that it was trained with.
        max_length: maximum number of tokens per written sentence, including `</s>`.
        directory: the model's folder, which holds one folder per version; created if missing.
        version: the number of the version; by default one above the largest that is there.
        description: further entries of `metadata.json`.

    Raises:
        InputError: the model has no latent code, the version is not a positive number or is there
            already, the folder is none of this machine, a stock server could not run the model, or
            its answers are not finite.
        RuntimeError: the exported model does not answer as the model in Python does.
    """
    if not model.latent_dim:
        raise InputError("a language model has no latent code to serve: export a text VAE")
    check_local(directory)
    directory = Path(directory)
    if directory.exists() and not directory.is_dir():
        raise InputError(f"{directory} is a file: give the folder of the served model")
    if version is not None:
        version = whole_number("version", version, 1, LARGEST_VERSION)
    if directory.exists():
        place = version_folders(directory).get(version, _place(directory, version))
        if place.exists():
            raise InputError(f"{place} is already there: choose another version")
    signatures = Signatures(model, tokenizer, max_length)
    answers = _own_answers(signatures)
    _check_finite(answers)
    directory.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(directory)
    with (
        tempfile.TemporaryDirectory(dir=directory, prefix=_UNFINISHED) as scratch,
        locked(Path(scratch) / _LOCK),
    ):
        unfinished = Path(scratch) / "version"
        _write(signatures, unfinished, directory.name)
        write_json(unfinished / METADATA_FILE, _metadata(signatures, description or {}))
        check_portable(unfinished)
        _compare(answers, answers_of_fresh_process(unfinished))
        flush_tree(unfinished)
        published = _rename(unfinished, directory, version)
        flush(directory)
        return published


def _remove_abandoned(directory: Path) -> None:
    """Removes what exports that were killed have left; a minute is left to one that begins.

    Where the file system has no locks, nothing tells one that was killed from one that still runs.
    """
    for scratch in directory.glob(f"{_UNFINISHED}*"):
        with contextlib.suppress(OSError):
            if time.time() - scratch.stat().st_mtime > _BEGINNING:
                with locked(scratch / _LOCK) as alone:
                    if alone:
                        shutil.rmtree(scratch, ignore_errors=True)


def _write(signatures: Signatures, path: Path, model_name: str) -> None:
    archive = keras.export.ExportArchive()
    archive.track(signatures.tokenizer)
    with portable_graph():
        for name, (function, types) in signatures.specifications().items():
            archive.add_endpoint(name, function, types)
        archive.write_out(
            str(path),
            tf.saved_model.SaveOptions(experimental_custom_gradients=False),
            verbose=False,
        )
    requests = example_requests(signatures)
    # A server has tensors of its own for the signature that is run where a request names none.
    requests[tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY] = requests["generate"]
    write_warmup(path, model_name, requests.items())


def example_requests(signatures: Signatures) -> dict[str, Inputs]:
    """A request of two rows for every signature, inputs by name."""
    words = signatures.tokenizer.vocabulary.tokens[4:8]
    width = signatures.model.latent_dim
    examples = {
        "seed": np.array([0, 1], np.int64),
        "temperature": np.array([1.0, 0.5], np.float32),
        "top_p": np.array([0.9, 1.0], np.float32),
        "text": np.array([" ".join(words), words[0]], object),
        "start": np.array([words[0], " ".join(words)], object),
        "end": np.array([words[-1], words[0]], object),
        "alpha": np.array([0.25, 0.75], np.float32),
        "label": np.array(signatures.model.labels[:2], object),
        "text_label": np.array(signatures.model.labels[:2], object),
        "z": np.linspace(-1, 1, 2 * width, dtype=np.float32).reshape(2, width),
        "vector": np.linspace(0.5, -0.5, 2 * width, dtype=np.float32).reshape(2, width),
        "amount": np.array([1.0, -0.5], np.float32),
    }
    return {
        signature: {specification.name: examples[specification.name] for specification in types}
        for signature, (_, types) in signatures.specifications().items()
    }


def _own_answers(signatures: Signatures) -> dict[str, np.ndarray]:
    answers = {}
    for signature, inputs in example_requests(signatures).items():
        function, types = signatures.specifications()[signature]
        with portable_graph():
            traced = tf.function(function, input_signature=types, autograph=False)
            outputs = traced(**{name: tf.constant(value) for name, value in inputs.items()})
        answers |= {f"{signature}/{name}": value.numpy() for name, value in outputs.items()}
    return answers


def _check_finite(answers: dict[str, np.ndarray]) -> None:
    for name, value in answers.items():
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            raise InputError(f"{name} of the model is not finite: train it again, then export it")


def _compare(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> None:
    for name, value in ours.items():
        if value.dtype.kind == "f":
            equal = np.allclose(value, theirs[name], rtol=1e-4, atol=1e-4)
        else:
            equal = np.array_equal(value, theirs[name])
        if not equal:
            raise RuntimeError(
                f"the exported model differs from the model in Python in {name}: "
                f"{theirs[name].tolist()} instead of {value.tolist()}"
            )


def _place(directory: Path, version: int | None) -> Path:
    number = version or 1 + max(version_numbers(directory), default=0)
    return directory / str(whole_number("version", number, 1, LARGEST_VERSION))


def _rename(unfinished: Path, directory: Path, version: int | None) -> Path:
    while True:
        target = _place(directory, version)
        try:
            os.rename(unfinished, target)
        except OSError as error:
            if version is not None or not target.is_dir():
                raise InputError(f"cannot publish {target}: {error.strerror}") from error
        else:
            return target


def _metadata(signatures: Signatures, description: dict) -> dict:
    model, tokenizer = signatures.model, signatures.tokenizer
    factor = model.decoder_input(tf.ones([1, model.latent_dim])).numpy()
    return {
        "libraries": {name: metadata.version(name) for name in _LIBRARIES},
        "model": type(model).__name__,
        **description,
        "latent_dim": model.latent_dim,
        **({"labels": list(model.labels)} if model.labels else {}),
        "generator": {
            "prior": model.prior.kind,
            "factor": {name: float(getattr(factor, name)()) for name in ("min", "mean", "max")},
        },
        "default_sampling": {"temperature": TEMPERATURE, "top_p": TOP_P},
        "vocabulary": {
            "size": len(tokenizer.vocabulary),
            "sha256": tokenizer.vocabulary.fingerprint(),
            "tokenizer": tokenizer.kind,
        },
        "limits": {
            "rows": MAX_ROWS,
            "characters": MAX_CHARACTERS,
            "words": tokenizer.max_length,
            "written_tokens": signatures.max_length,
        },
        "beam_width": BEAM_WIDTH,
        "signatures": list(signatures.specifications()),
    }
