"""Served models for the tests, whose helpers are importable."""

import pytest
from served_models import MAX_WORDS, WORDS, served_model

import scale_vae_keras as sv
from scale_vae_keras.serving.exporter import publish


@pytest.fixture(scope="session")
def tokenizer() -> sv.Tokenizer:
    return sv.Tokenizer(sv.Vocabulary(WORDS), "words", MAX_WORDS)


@pytest.fixture(scope="session")
def model() -> sv.ScaleVAE:
    return served_model()


@pytest.fixture(scope="session")
def models(model, tokenizer, tmp_path_factory):
    """A served model's folder with version 1."""
    directory = tmp_path_factory.mktemp("models") / "reviews"
    publish(model, tokenizer, MAX_WORDS + 1, directory)
    return directory
