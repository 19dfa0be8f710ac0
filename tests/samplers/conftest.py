"""A decoder small enough to enumerate."""

import numpy as np
import pytest

from scale_vae_keras.layers.decoder import LSTMDecoder


@pytest.fixture
def decoder():
    """Vocabulary of 7, z of width 2, weights large enough for the distributions to vary."""
    layer = LSTMDecoder(7, 3, 5, 2, 0.0, 0.01)
    layer.build((None, None), (None, 2))
    random = np.random.default_rng(4)
    for weight in layer.weights:
        weight.assign(random.normal(0, 0.9, weight.shape))
    return layer


@pytest.fixture
def z():
    return np.random.default_rng(5).normal(0, 1.5, (6, 2)).astype(np.float32)
