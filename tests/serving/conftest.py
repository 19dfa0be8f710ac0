"""Served models for the tests."""

import numpy as np
import pytest

pytest.importorskip("tensorflow_serving", reason="needs the extra serving")

import scale_vae_keras as sv
from scale_vae_keras.serving.exporter import publish

WORDS = [f"word{number}" for number in range(60)]
FACTOR = np.array([1.5, 2.0, 2.5, 3.0], np.float32)
MAX_WORDS = 12


def tiny_model(seed: int = 0) -> sv.ScaleVAE:
    """A Scale-VAE with random weights, large enough that its words depend on z."""
    import keras

    keras.utils.set_random_seed(seed)
    model = sv.ScaleVAE(
        4 + len(WORDS),
        latent_dim=4,
        embedding_dim=8,
        units=16,
        decoder_initializer_range=0.8,
        name="tiny",
    )
    model.build((None, None))
    model.posterior_scale.average.assign(FACTOR)
    model.posterior_scale.has_average.assign(1.0)
    return model


@pytest.fixture(scope="session")
def tokenizer() -> sv.Tokenizer:
    return sv.Tokenizer(sv.Vocabulary(WORDS), "words", MAX_WORDS)


@pytest.fixture(scope="session")
def model() -> sv.ScaleVAE:
    return tiny_model()


@pytest.fixture(scope="session")
def models(model, tokenizer, tmp_path_factory):
    """A served model's folder with version 1."""
    directory = tmp_path_factory.mktemp("models") / "reviews"
    publish(model, tokenizer, MAX_WORDS + 1, directory)
    return directory
