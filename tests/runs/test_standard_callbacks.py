"""The callbacks of a system by its name, for a model that the user compiled."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from made_models import made_model

from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.errors import InputError
from scale_vae_keras.models import ScaleVAE
from scale_vae_keras.runs.standard_callbacks import standard_callbacks

SPLIT = EncodedSplit(
    tokens=np.tile([1, 4, 5, 2, 1, 5, 6, 2], 16),
    offsets=np.arange(0, 129, 4),
    labels=None,
    empty=0,
    truncated=0,
)
BATCHES = tf.data.Dataset.from_tensors(SPLIT.tokens.reshape(-1, 4).astype(np.int32))


def fit(path, model, method="scale", train=None, **settings):
    callbacks = standard_callbacks(method, BATCHES, path / "best.keras", train, **settings)
    given = {"validation_data": BATCHES, "epochs": 4, "callbacks": callbacks, "verbose": 0}
    return model.fit(BATCHES, shuffle=False, **given)


def test_the_rate_of_the_model_is_what_is_halved(tmp_path):
    model = made_model(ScaleVAE)
    model.compile(keras.optimizers.Adam(0.001))
    history = fit(tmp_path, model, learning_rate=0.001, decay_start=2).history
    np.testing.assert_allclose(history["learning_rate"], [0.001, 0.001, 0.0005, 0.00025])
    assert (tmp_path / "best.keras").exists()


def test_a_rate_that_is_not_given_is_refused(tmp_path):
    for given in ({}, {"learning_rate": None}):
        with pytest.raises(InputError, match="give learning_rate=, that of the optimizer"):
            standard_callbacks("scale", BATCHES, tmp_path / "best.keras", **given)


def test_a_plateau_starts_from_the_rate_of_the_optimizer(tmp_path):
    model = made_model(ScaleVAE)
    model.compile(keras.optimizers.Adam(0.001))
    history = fit(tmp_path, model, decay="plateau").history
    np.testing.assert_allclose(history["learning_rate"], 0.001)


def test_only_a_prior_that_is_asked_for_is_fitted(tmp_path):
    def fits(**settings):
        made = standard_callbacks(
            "scale", BATCHES, tmp_path / "best.keras", learning_rate=0.1, **settings
        )
        return "FitPrior" in [type(each).__name__ for each in made]

    assert not fits()
    assert not fits(train=SPLIT)
    assert not fits(prior="standard")
    assert fits(prior="full", train=SPLIT)
    with pytest.raises(InputError, match='the prior "full" is fitted: give train='):
        fits(prior="full")
    model = made_model(ScaleVAE, prior="full")
    model.compile(keras.optimizers.SGD(0.1))
    fit(tmp_path, model, train=SPLIT, prior="full", learning_rate=0.1)
    assert np.ptp(np.array(model.prior.cholesky)) > 0
