"""A small SentencePiece model, trained once; the tests' helpers are importable."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from toy_text import toy_lines

from scale_vae_keras.text.sentencepiece_training import train_sentencepiece


@pytest.fixture(scope="session")
def model() -> bytes:
    return train_sentencepiece(toy_lines, size=400)
