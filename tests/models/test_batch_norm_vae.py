import numpy as np
import pytest

from scale_vae_keras.errors import InputError
from scale_vae_keras.models import DUVAE, BatchNormVAE, TextVAE


def test_the_loss_is_charged_on_normalised_means(make, sentences):
    model, ids = make(BatchNormVAE, gamma=0.7), sentences(6)
    model.mean_norm.beta.assign([0.5, -0.2])
    model.kl_weight.assign(0.3)
    mean, log_var = (np.array(part) for part in TextVAE.posterior(model, ids))
    mean = 0.7 * (mean - mean.mean(axis=0)) / np.sqrt(mean.var(axis=0) + 1e-5) + [0.5, -0.2]
    kl = 0.5 * np.sum(mean**2 + np.exp(log_var) - log_var - 1, axis=1)
    noise = np.random.default_rng(0).normal(size=(6, 2)).astype(np.float32)
    model._noise = lambda local, seed: noise
    terms = model(ids, training=True)
    z = mean + np.exp(0.5 * log_var) * noise
    np.testing.assert_allclose(terms.reconstruction, -model.decoder(ids, z), rtol=1e-5)
    np.testing.assert_allclose(terms.kl, kl, rtol=1e-4)
    np.testing.assert_allclose(terms.loss, terms.reconstruction + 0.3 * kl, rtol=1e-5)


@pytest.mark.parametrize("gamma", [0.5, 1.5])
def test_the_kl_of_a_batch_keeps_its_floor(make, sentences, gamma):
    model = make(BatchNormVAE, gamma=gamma)
    model.mean_norm.beta.assign([0.3, -0.9])
    model.gaussian_posterior.kernel.assign(20 * model.gaussian_posterior.kernel)
    for seed in range(5):
        kl = np.mean(model(sentences(16, seed), training=True).kl)
        assert kl >= 0.999 * np.sum(gamma**2 + np.array([0.3, -0.9]) ** 2) / 2


def test_the_floor_holds_up_to_epsilon(make, sentences):
    """The encoder's means have little variance at the start."""
    model, ids = make(BatchNormVAE, gamma=1.0), sentences(16)
    model.gaussian_posterior.kernel.assign(0.1 * model.gaussian_posterior.kernel)
    mean, log_var = (np.array(part) for part in TextVAE.posterior(model, ids))
    variance = mean.var(axis=0)
    floor = np.sum(variance / (variance + 1e-5)) / 2
    assert floor < 0.995
    rest = np.sum(np.exp(log_var) - log_var - 1, axis=1) / 2
    kl = model(ids, training=True).kl
    np.testing.assert_allclose(np.mean(kl), floor + np.mean(rest), rtol=1e-3)


@pytest.mark.parametrize("kind", [BatchNormVAE, DUVAE])
def test_a_small_epsilon_keeps_the_floor(kind, make, sentences):
    floors = {}
    for epsilon in (1e-5, 1e-12):
        model = make(kind, gamma=1.0, epsilon=epsilon)
        model.gaussian_posterior.kernel.assign(0.01 * model.gaussian_posterior.kernel)
        floors[epsilon] = np.mean(model(sentences(16), training=True).kl)
        assert model.mean_norm.epsilon == kind.from_config(model.get_config()).epsilon == epsilon
    # two dimensions of gamma 1
    assert floors[1e-5] < 0.5
    assert floors[1e-12] > 0.999


def test_gamma_out_of_range():
    with pytest.raises(InputError, match="gamma"):
        BatchNormVAE(12, gamma=0.0)
