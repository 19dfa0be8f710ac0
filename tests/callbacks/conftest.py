"""Tiny models and sentences."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.models import ScaleVAE, TextVAE

IDS = np.array(
    [[1, 4 + i % 5, 4 + i % 3, 2] if i % 2 else [1, 4 + i % 4, 2, 0] for i in range(16)], np.int32
)


@pytest.fixture
def ids():
    """Sixteen short sentences, int32 `[16, 4]`."""
    return IDS


@pytest.fixture
def data():
    """Two batches of eight sentences."""
    return tf.data.Dataset.from_tensor_slices(IDS).batch(8)


def _make(model, **arguments):
    keras.utils.set_random_seed(2)
    vae = model(9, 2, 5, 6, dropout=0.0, **arguments)
    vae.build((None, None))
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
