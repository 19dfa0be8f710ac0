"""Shared fixtures. The helpers of this folder are importable."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parent))

import keras
import pytest
from command_processes import CommandProcesses, command_processes


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(7)


@pytest.fixture(scope="session")
def commands(tmp_path_factory) -> Iterator[CommandProcesses]:
    """Runs commands of `scale-vae`, also side by side."""
    with command_processes(tmp_path_factory.mktemp("commands")) as processes:
        yield processes


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder with the real corpora."""
    folder = Path(
        os.environ.get("SCALE_VAE_CORPORA", Path(__file__).resolve().parents[2] / "shared" / "data")
    )
    if not folder.is_dir():
        pytest.skip(f"no real corpora in {folder}: set SCALE_VAE_CORPORA")
    return folder
