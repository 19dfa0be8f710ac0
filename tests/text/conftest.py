"""A small SentencePiece model, trained once."""

import pytest
from made_corpora import subword_lines

from scale_vae_keras.text.sentencepiece_training import train_sentencepiece


@pytest.fixture(scope="session")
def model() -> bytes:
    return train_sentencepiece(subword_lines, size=400)
