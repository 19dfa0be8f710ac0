"""Runs the warm-up requests of a SavedModel in a process of its own and saves the answers."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from scale_vae_keras.serving.tensor_file import read_arrays, write_arrays

Answers = dict[str, np.ndarray]


def answers_of_fresh_process(version: str | os.PathLike) -> Answers:
    """What a new process gets from the SavedModel for its own warm-up requests.

    Args:
        version: the folder of the SavedModel.

    Returns:
        Outputs by `"signature/output"`.

    Raises:
        RuntimeError: the process failed; the message is the end of what it said.
    """
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / "answers"
        finished = subprocess.run(
            [sys.executable, "-m", __name__, str(version), str(output)],
            capture_output=True,
            text=True,
            # This process may hold all of a GPU's memory.
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"},
        )
        if finished.returncode:
            raise RuntimeError(
                "the exported model cannot be loaded and run: " + finished.stderr.strip()[-2000:]
            )
        return read_arrays(output)


def _main(version: str, output: str) -> None:
    import tensorflow as tf
    import tensorflow_text  # noqa: F401 - registers its operations

    from scale_vae_keras.serving.warmup import read_warmup

    signatures = tf.saved_model.load(version).signatures
    answers = {}
    for signature, inputs in read_warmup(version):
        tensors = {name: tf.constant(value) for name, value in inputs.items()}
        for name, value in signatures[signature](**tensors).items():
            answers[f"{signature}/{name}"] = value.numpy()
    write_arrays(output, answers)


if __name__ == "__main__":
    _main(*sys.argv[1:])
