import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.posterior import Posterior
from scale_vae_keras.models import MutualPosteriorVAE


def numpy_penalty(mean, log_var, eta, gamma):
    rows, latent = mean.shape
    pairs = np.zeros((rows, rows, latent))
    for i in range(rows):
        for j in range(rows):
            ratio = np.exp(log_var[i] - log_var[j])
            distance = (mean[i] - mean[j]) ** 2 / np.exp(log_var[j])
            pairs[i, j] = 0.5 * (ratio + distance - np.log(ratio) - 1)
    others = ~np.eye(rows, dtype=bool)
    divergence = pairs[others].mean(axis=0)
    std = pairs[others].sum(axis=1).std(ddof=1)
    return eta * np.sum(np.log1p(np.exp(-divergence))) + gamma * std


@pytest.mark.parametrize(("eta", "gamma"), [(1.0, 0.2), (2.0, 0.0)])
def test_the_loss_gains_the_two_terms(make, sentences, eta, gamma):
    model, ids = make(MutualPosteriorVAE, eta=eta, gamma=gamma), sentences(5)
    model.kl_weight.assign(0.3)
    mean, log_var = (np.float64(part) for part in model.posterior(ids))
    terms = model(ids, training=True)
    expected = terms.reconstruction + 0.3 * terms.kl + numpy_penalty(mean, log_var, eta, gamma)
    np.testing.assert_allclose(terms.loss, expected, rtol=1e-5)
    terms = model(ids)
    np.testing.assert_allclose(terms.loss, terms.reconstruction + terms.kl, rtol=1e-6)


def test_the_penalty_of_far_posteriors(make):
    random = np.random.default_rng(1)
    mean, log_var = random.normal(0, 2, (2, 7, 2)).astype(np.float32)
    penalty = make(MutualPosteriorVAE).penalty(
        Posterior(tf.constant(mean), tf.constant(log_var)), None, None
    )
    assert float(penalty) == pytest.approx(numpy_penalty(mean, log_var, 1.0, 0.2), rel=1e-4)


def test_the_penalty_in_figures():
    """Unit variances and means 0, 1, 3 in the first dimension alone: KLs 0.5, 4.5 and 2.

    MPD is 7 / 3 and 0, STD the deviation of (0.5, 4.5, 2) twice, over 5.
    """
    model = MutualPosteriorVAE(12, eta=2.0, gamma=0.5, latent_dim=2, embedding_dim=3, units=4)
    posterior = Posterior(tf.constant([[0.0, 0.0], [1.0, 0.0], [3.0, 0.0]]), tf.zeros((3, 2)))
    # 2 (0.092564 + 0.693147) + 0.5 * 1.807392; with MPD / eta it would be 2.8322
    assert float(model.penalty(posterior, posterior.mean, None)) == pytest.approx(
        2.475098, abs=1e-4
    )


def test_equal_posteriors_have_finite_gradients(make):
    same = Posterior(tf.ones((3, 2)), tf.zeros((3, 2)))
    with tf.GradientTape() as tape:
        tape.watch(same)
        penalty = make(MutualPosteriorVAE).penalty(same, None, None)
    assert all(np.isfinite(gradient).all() for gradient in tape.gradient(penalty, same))


def test_a_single_sentence_has_no_pairs(make, sentences):
    terms = make(MutualPosteriorVAE)(sentences(1), training=True)
    np.testing.assert_allclose(terms.loss, terms.reconstruction + terms.kl, rtol=1e-6)


@pytest.mark.parametrize("arguments", [{"eta": 0.0}, {"gamma": -1.0}], ids=str)
def test_arguments_out_of_range(arguments):
    with pytest.raises(InputError, match=next(iter(arguments))):
        MutualPosteriorVAE(12, **arguments)
