"""Served models for the tests, whose helpers are importable."""

import pytest
from served_models import MAX_WORDS, WORDS, served_model

import scale_vae_keras as sv
from scale_vae_keras.cache.made_once import made_once
from scale_vae_keras.serving.exporter import publish


@pytest.fixture(scope="session")
def tokenizer() -> sv.Tokenizer:
    return sv.Tokenizer(sv.Vocabulary(WORDS), "words", MAX_WORDS)


@pytest.fixture(scope="session")
def model() -> sv.ScaleVAE:
    return served_model()


@pytest.fixture(scope="session")
def models(model, tokenizer, tmp_path_factory, worker_id):
    """A served model's folder with version 1, which all workers share."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent

    def make(folder):
        publish(model, tokenizer, MAX_WORDS + 1, folder / "reviews")

    return made_once(shared / "models", {}, make) / "reviews"
