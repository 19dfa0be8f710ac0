import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.aggregate_divergence import aggregate_kl, maximum_mean_discrepancy
from scale_vae_keras.layers.posterior import Posterior
from scale_vae_keras.models import InfoVAE


def log_normal(z, mean, log_var):
    return -0.5 * np.sum((z - mean) ** 2 / np.exp(log_var) + log_var + np.log(2 * np.pi), axis=-1)


def numpy_aggregate_kl(z, mean, log_var):
    density = np.exp(log_normal(z[:, None], mean, log_var)).mean(axis=1)
    return np.log(density) - log_normal(z, 0.0, np.zeros(z.shape[1]))


def numpy_mmd(first, second):
    def mean_kernel(a, b):
        return np.mean([np.exp(-np.sum((x - y) ** 2) / len(x) ** 2) for x in a for y in b])

    return mean_kernel(first, first) + mean_kernel(second, second) - 2 * mean_kernel(first, second)


def test_aggregate_kl_estimates_the_kl_of_a_single_gaussian():
    mean, log_var = np.full((1, 2), 0.7, np.float32), np.full((1, 2), -1.0, np.float32)
    z = np.random.default_rng(0).normal(0.7, np.exp(-0.5), (20000, 2)).astype(np.float32)
    estimate = np.mean(aggregate_kl(z, Posterior(mean, log_var)))
    exact = 0.5 * np.sum(mean**2 + np.exp(log_var) - log_var - 1)
    assert estimate == pytest.approx(exact, abs=0.02)


def test_the_discrepancy_of_a_literal_case():
    first, second = np.array([[0.0, 0.0]]), np.array([[2.0, 0.0], [0.0, 0.0]])
    # kernels exp(-4/4) = e^-1: 1 + (2 + 2/e)/4 - 2 (1 + 1/e)/2
    actual = maximum_mean_discrepancy(tf.constant(first), tf.constant(second))
    assert float(actual) == pytest.approx(1 + 0.5 + 0.5 / np.e - 1 - 1 / np.e)


@pytest.mark.parametrize("divergence", ["kl", "mmd"])
def test_the_loss(make, sentences, divergence):
    model, ids = make(InfoVAE, divergence=divergence, alpha=0.6, aggregate_weight=3.0), sentences(5)
    model.kl_weight.assign(0.3)
    noise = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    model._noise = lambda local, seed: noise
    mean, log_var = (np.float64(part) for part in model.posterior(ids))
    z = mean + np.exp(0.5 * log_var) * noise
    if divergence == "kl":
        distance = numpy_aggregate_kl(z, mean, log_var)
    else:
        seed = tf.random.experimental.stateless_fold_in(tf.constant([0, 0]), -2)
        distance = numpy_mmd(z, np.array(tf.random.stateless_normal([5, 2], seed)))
    terms = model(ids, training=True)
    expected = terms.reconstruction + 0.3 * 0.4 * np.array(terms.kl) + 2.6 * distance
    np.testing.assert_allclose(terms.loss, expected, rtol=1e-5)
    terms = model(ids)
    np.testing.assert_allclose(terms.loss, terms.reconstruction + terms.kl, rtol=1e-6)


@pytest.mark.parametrize(
    "arguments", [{"divergence": "x"}, {"alpha": 1.5}, {"aggregate_weight": 0.1}], ids=str
)
def test_arguments_out_of_range(arguments):
    with pytest.raises(InputError, match=next(iter(arguments))):
        InfoVAE(12, **arguments)
