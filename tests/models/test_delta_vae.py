import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.delta_posterior import delta_posterior, stddev_range
from scale_vae_keras.layers.posterior import Posterior, standard_kl
from scale_vae_keras.models import DeltaVAE, TextVAE


@pytest.mark.parametrize("delta", [0.01, 0.1, 0.15, 1.0])
def test_the_range_ends_where_the_kl_of_a_centred_posterior_is_delta(delta):
    low, high = stddev_range(delta)
    assert low < 1 < high
    for stddev in (low, high):
        kl = 0.5 * (stddev**2 - 2 * math.log(stddev) - 1)
        assert kl == pytest.approx(delta, rel=1e-9)


def test_the_posterior_is_that_of_the_definition():
    a, b = np.array([[0.3, -6.0, 2.0]]), np.array([[0.7, -0.4, 0.0]])
    low, high = stddev_range(0.1)
    stddev = low + (high - low) / np.clip(1 + np.exp(-a), 1, 50)
    mean = np.sqrt(0.2 + 1 + 2 * np.log(stddev) - stddev**2 + np.maximum(b, 0) + 1e-6)
    actual = delta_posterior(Posterior(tf.constant(b, tf.float32), tf.constant(a, tf.float32)), 0.1)
    np.testing.assert_allclose(actual.stddev, stddev, rtol=1e-5)
    np.testing.assert_allclose(actual.mean, mean, rtol=1e-4)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4)), min_size=1, max_size=20),
    st.floats(0.01, 2.0),
)
def test_every_dimension_keeps_its_kl(raw, delta):
    mean, log_var = (tf.constant([part], tf.float32) for part in zip(*raw, strict=True))
    posterior = delta_posterior(Posterior(mean, log_var), delta)
    assert np.isfinite(posterior.mean).all()
    assert np.min(standard_kl(posterior)) >= delta * (1 - 1e-4) - 1e-6


def test_the_loss_is_charged_on_the_constrained_posterior(make, sentences):
    model, ids = make(DeltaVAE, delta=0.1), sentences(4)
    raw = TextVAE.amortized_posterior(model, model.encoder(ids))
    constrained = delta_posterior(raw, 0.1)
    kl = np.sum(standard_kl(constrained), axis=1)
    assert (kl >= 0.2 - 1e-6).all()
    terms = model(ids)
    np.testing.assert_allclose(terms.kl, kl, rtol=1e-5)
    np.testing.assert_allclose(terms.loss, terms.reconstruction + kl, rtol=1e-6)
    np.testing.assert_allclose(model.encode(ids).mean, constrained.mean, rtol=1e-6)


@pytest.mark.parametrize("delta", [0.0, -0.1, float("inf")])
def test_delta_out_of_range(delta):
    with pytest.raises(InputError, match="delta"):
        DeltaVAE(12, delta=delta)
