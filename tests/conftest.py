"""Shared fixtures. The helpers of this folder are importable."""

import gc
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np
import pytest
import tensorflow as tf
from command_processes import CommandProcesses, command_processes
from made_corpora import write_corpus
from made_models import made_model

from scale_vae_keras.models import ScaleVAE, TextVAE

# Tests run side by side: in tiny operations, threads of one process only wait for each other.
# Processes that tests start keep the threads that users have.
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)

# What the libraries made when they were imported stays: no collection looks through it again.
gc.freeze()

IDS = np.array(
    [[1, 4 + i % 5, 4 + i % 3, 2] if i % 2 else [1, 4 + i % 4, 2, 0] for i in range(16)], np.int32
)


@pytest.fixture(scope="module", autouse=True)
def _collected():
    """Later collections do not look through what a module leaves: that took 7 % of all time."""
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(7)


@pytest.fixture(autouse=True)
def _logger():
    """What a command does to the package's logger ends with the test."""
    logger = logging.getLogger("scale_vae_keras")
    handlers, level, propagate = list(logger.handlers), logger.level, logger.propagate
    yield
    logger.handlers[:] = handlers
    logger.setLevel(level)
    logger.propagate = propagate


@pytest.fixture
def visible_gpus(monkeypatch) -> Callable[[int], None]:
    """Lets TensorFlow say that it has so many GPUs; none of them computes anything."""

    def pretend(count):
        gpus = [f"GPU:{number}" for number in range(count)]
        monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: gpus)

    return pretend


@pytest.fixture(scope="session")
def commands(tmp_path_factory) -> Iterator[CommandProcesses]:
    """Runs commands of `scale-vae`, also side by side."""
    with command_processes(tmp_path_factory.mktemp("commands")) as processes:
        yield processes


@pytest.fixture(scope="module")
def corpus(request, tmp_path_factory) -> Path:
    """The folder of a tiny corpus, alone in its parent; a module's CORPUS says what it holds."""
    folder = tmp_path_factory.mktemp("data") / "corpus"
    return write_corpus(folder, **getattr(request.module, "CORPUS", {}))


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder with the real corpora."""
    folder = Path(
        os.environ.get("SCALE_VAE_CORPORA", Path(__file__).resolve().parents[2] / "shared" / "data")
    )
    if not folder.is_dir():
        pytest.skip(f"no real corpora in {folder}: set SCALE_VAE_CORPORA")
    return folder


@pytest.fixture
def ids():
    """Sixteen short sentences, int32 `[16, 4]`."""
    return IDS


@pytest.fixture
def data():
    """Two batches of eight sentences."""
    return tf.data.Dataset.from_tensor_slices(IDS).batch(8)


def _make(model, **arguments):
    vae = made_model(model, dropout=0.0, **arguments)
    vae.compile(keras.optimizers.SGD(0.5), run_eagerly=True)
    return vae


@pytest.fixture
def vae():
    """A plain VAE, built and compiled."""
    return _make(TextVAE)


@pytest.fixture
def scale_vae():
    """A ScaleVAE, built and compiled."""
    return _make(ScaleVAE, min_factor_batch=4)


@pytest.fixture
def bounded():
    """A ScaleVAE whose bound is annealed, built and compiled."""
    return _make(ScaleVAE, min_factor_batch=4, bound="annealed")
