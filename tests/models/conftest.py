"""Tiny models and sentences."""

import keras
import numpy as np
import pytest
from made_models import made_model

from scale_vae_keras.models import ScaleVAE, TextVAE

VOCABULARY = 12


@pytest.fixture
def sentences():
    """A function that draws int32 ids `[rows, 6]` with 1 to 4 words each."""

    def draw(rows, seed=0):
        random = np.random.default_rng(seed)
        ids = random.integers(4, VOCABULARY, (rows, 6)).astype(np.int32)
        ids[:, 0] = 1
        for row, end in enumerate(random.integers(2, 6, rows)):
            ids[row, end] = 2
            ids[row, end + 1 :] = 0
        return ids

    return draw


@pytest.fixture
def make():
    """A function that builds and compiles a model of that class; the same weights every time."""

    def make_model(model=TextVAE, optimizer=None, compile_arguments=None, **arguments):
        if model is ScaleVAE:
            arguments = {"min_factor_batch": 4, **arguments}
        arguments = {"dropout": 0.0, "decoder_initializer_range": 0.5, **arguments}
        vae = made_model(model, VOCABULARY, random_seed=3, **arguments)
        vae.compile(optimizer or keras.optimizers.SGD(0.5), **(compile_arguments or {}))
        return vae

    return make_model
