"""Shared fixtures."""

import os
from pathlib import Path

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import pytest


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(7)


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder with the real corpora."""
    folder = Path(
        os.environ.get("SCALE_VAE_CORPORA", Path(__file__).resolve().parents[2] / "shared" / "data")
    )
    if not folder.is_dir():
        pytest.skip(f"no real corpora in {folder}: set SCALE_VAE_CORPORA")
    return folder
