"""The model that the tests of serving export, and the words that it knows."""

import numpy as np
from made_models import made_model

import scale_vae_keras as sv

WORDS = [f"word{number}" for number in range(60)]
FACTOR = np.array([1.5, 2.0, 2.5, 3.0], np.float32)
MAX_WORDS = 12


def served_model(vocabulary_size: int = 4 + len(WORDS), **arguments) -> sv.ScaleVAE:
    """A tiny Scale-VAE with random weights, large enough that its words depend on z."""
    return made_model(
        sv.ScaleVAE,
        vocabulary_size,
        random_seed=0,
        factor=FACTOR,
        latent_dim=len(FACTOR),
        embedding_dim=8,
        units=16,
        decoder_initializer_range=0.8,
        name="tiny",
        **arguments,
    )
