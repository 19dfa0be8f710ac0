"""The factory of the tests' tiny models, which gives the same weights every time."""

import keras
import numpy as np

from scale_vae_keras.models import TextVAE

SIZES = {"latent_dim": 2, "embedding_dim": 5, "units": 6}
PARTS_BY_NAME = [("lstm", "lstm"), ("lstm", "cnn"), ("transformer", "transformer")]
"""An encoder and a decoder; among them is every one that has a name."""


def made_model(system=TextVAE, vocabulary_size=9, random_seed=2, factor=None, **arguments):
    """A built model of a system, with an f-bar if one is given."""
    keras.utils.set_random_seed(random_seed)
    model = system(vocabulary_size, **{**SIZES, **arguments})
    model.build((None, None))
    if factor is not None:
        set_factor(model, factor)
    return model


def in_mixed_precision(model, policy="mixed_bfloat16"):
    """A model with the same weights, as if it had been trained under a policy."""
    mixed = type(model).from_config({**model.get_config(), "dtype": policy})
    mixed.ensure_built()
    for weight, value in zip(mixed.variables, model.variables, strict=True):
        weight.assign(value)
    return mixed


def set_factor(model, factor):
    """Gives a ScaleVAE an f-bar as an epoch does, and puts it into effect."""
    model.posterior_scale.average.assign(factor)
    model.posterior_scale.has_average.assign(1.0)


def draw_weights(weights, stddev, seed):
    """Draws weights from a normal distribution."""
    random = np.random.default_rng(seed)
    for weight in weights:
        weight.assign(random.normal(0, stddev, weight.shape))
