import math

import numpy as np
import pytest

from scale_vae_keras.errors import InputError
from scale_vae_keras.models import DUVAE, TextVAE

FLOOR = 1 / (2 * math.pi * math.e)


def raw(model, ids):
    return (np.array(part) for part in TextVAE.posterior(model, ids))


def kl_of(mean, variance):
    return 0.5 * np.sum(mean**2 + variance - np.log(variance) - 1, axis=1)


def test_before_the_annealing_ends_the_variances_are_the_encoders(make, sentences):
    model, ids = make(DUVAE, gamma=0.5, min_batch=2), sentences(6)
    model.kl_weight.assign(0.9)
    model.mean_norm.scale.assign([3.0, 1.0])
    mean, log_var = raw(model, ids)
    spread = 0.5 * np.array([3, 1]) / np.sqrt(5)
    mean = spread * (mean - mean.mean(axis=0)) / np.sqrt(mean.var(axis=0) + 1e-5)
    terms = model(ids, training=True)
    kl = kl_of(mean, np.exp(log_var))
    np.testing.assert_allclose(terms.kl, kl, rtol=1e-4)
    np.testing.assert_allclose(terms.loss, terms.reconstruction + 0.9 * kl, rtol=1e-5)


def test_outside_training_variances_have_the_floor_before_the_annealing_ends_too(make, sentences):
    model, ids = make(DUVAE), sentences(3)
    model.kl_weight.assign(0.1)
    _, log_var = raw(model, ids)
    np.testing.assert_allclose(
        np.exp(model.encode(ids).log_var), np.exp(log_var) + FLOOR, rtol=1e-5
    )


def test_afterwards_variances_have_a_floor_and_are_dropped_in_training(make, sentences):
    model, ids = make(DUVAE, min_batch=2, variance_dropout=0.2), sentences(200)
    model.kl_weight.assign(1.0)
    _, log_var = raw(model, ids)
    variance = np.exp(model.posteriors(TextVAE.posterior(model, ids), training=True)[0].log_var)
    dropped = np.abs(variance - FLOOR) < 1e-5
    assert np.mean(dropped) == pytest.approx(0.2, abs=0.05)
    kept = np.exp(log_var) / 0.8 + FLOOR
    np.testing.assert_allclose(variance[~dropped], kept[~dropped], rtol=1e-5)
    undropped = np.exp(model.encode(ids).log_var)
    np.testing.assert_allclose(undropped, np.exp(log_var) + FLOOR, rtol=1e-5)


def test_a_small_batch_is_normalised_by_the_running_statistics(make, sentences):
    model, ids = make(DUVAE), sentences(8)
    before = np.array(model.mean_norm.running_mean)
    model.train_on_batch(ids)
    np.testing.assert_array_equal(model.mean_norm.running_mean, before)
    model.train_on_batch(sentences(16))
    assert not np.array_equal(model.mean_norm.running_mean, before)


@pytest.mark.parametrize(
    "arguments", [{"variance_dropout": 1.0}, {"delta_rate": 0.0}, {"gamma": -1.0}], ids=str
)
def test_arguments_out_of_range(arguments):
    with pytest.raises(InputError, match=next(iter(arguments))):
        DUVAE(12, **arguments)
