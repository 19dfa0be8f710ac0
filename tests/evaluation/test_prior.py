"""The prior that a model is measured under."""

import sys

import numpy as np
import pytest
from exact_models import VOCABULARY, as_split, every_sequence, small_scale_vae
from made_priors import diagonal_prior

from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.encode import Encoded, encode_sentences
from scale_vae_keras.evaluation.information import aggregate_divergence
from scale_vae_keras.evaluation.prior import FITTED, check_declared, declared_prior
from scale_vae_keras.models import LanguageModel, TextVAE
from scale_vae_keras.priors import PRIORS, MixturePrior, StandardPrior
from scale_vae_keras.samplers import TemperatureSampler
from scale_vae_keras.samplers.row_random import row_seeds


@pytest.fixture(autouse=True)
def _small_mixtures(monkeypatch):
    monkeypatch.setattr("scale_vae_keras.priors.mixture._FEWEST_SAMPLES", 2_000)


def encoded(mean, log_var):
    return Encoded(mean, log_var, mean, log_var)


@pytest.mark.parametrize("name", FITTED)
def test_aggregate_is_nearest_to_what_is_fitted_to_it(name):
    random = np.random.default_rng(10)
    mean = random.normal(size=(500, 2)) @ [[2.0, 1.5], [0.0, 0.3]]
    log_var = random.normal(-0.5, 0.4, (500, 2))
    prior = declared_prior(small_scale_vae(2, [1.3, 0.6]), name, encoded(mean, log_var))
    distance = aggregate_divergence(mean, log_var, prior)
    assert distance < aggregate_divergence(mean, log_var, diagonal_prior(np.zeros(2), np.ones(2)))
    if prior.kind != "diagonal":
        assert distance == pytest.approx(0, abs=0.15)


def test_scaled_samples_are_those_of_the_model():
    model = small_scale_vae(2, [1.3, 0.6])
    generated = model.generate(20, seed=3)
    z = declared_prior(model, "scaled").sample(row_seeds(20, 3))
    np.testing.assert_array_equal(z, generated.z)
    written = model.decode(z, TemperatureSampler(), row_seeds(20, 3))
    np.testing.assert_array_equal(written.ids, generated.ids)


@pytest.mark.parametrize("name", FITTED)
def test_a_fitted_prior_needs_finite_posteriors(name):
    model = small_scale_vae(2, [1.3, 0.6])
    with pytest.raises(InputError, match="needs training sentences"):
        declared_prior(model, name)
    broken = Encoded(*np.full([4, 10, 2], np.nan, np.float32))
    with pytest.raises(InputError, match="diverged"):
        declared_prior(model, name, broken)


def test_a_prior_that_was_trained_with_another_model():
    model = small_scale_vae(2, [1.3, 0.6])
    with pytest.raises(InputError, match='this model was trained with "scaled"'):
        declared_prior(model, "learned-mixture")


def test_the_models_own_prior_is_used_as_it_is():
    model = small_scale_vae(2, [1.3, 0.6], prior="mixture")
    split = as_split(every_sequence(length=2))
    with pytest.raises(InputError, match='"mixture" is not fitted yet'):
        declared_prior(model)
    model.fit_prior(split)
    for name in (None, "mixture", "fitted-mixture"):
        assert declared_prior(model, name, encode_sentences(model, split)) is model.prior
    assert declared_prior(model, model.prior) is model.prior
    other = declared_prior(model, MixturePrior(2), encode_sentences(model, split))
    assert other is not model.prior
    assert model.prior.components == 8


def test_the_prior_of_another_model_stays_what_it_is():
    scaled, fitted = (small_scale_vae(2, [3.0, 3.0], prior=name) for name in ("scaled", "diagonal"))
    split = as_split(every_sequence(length=2))
    fitted.fit_prior(split)
    mean = fitted.prior.mean.numpy()
    model = small_scale_vae(2, [1.3, 0.6])
    with pytest.raises(InputError, match='"scaled" belongs to another model'):
        declared_prior(model, scaled.prior)
    np.testing.assert_array_equal(scaled.prior.scale(), [3.0, 3.0])
    far = encoded(np.full([10, 2], 5.0), np.zeros([10, 2]))
    assert declared_prior(model, fitted.prior, far) is fitted.prior
    np.testing.assert_array_equal(fitted.prior.mean, mean)


@pytest.mark.parametrize("name", [*PRIORS, *FITTED])
def test_a_language_model_has_nothing_to_sample(name):
    model = LanguageModel(VOCABULARY, 5, 6)
    model.build((None, 4))
    own = encode_sentences(model, as_split(every_sequence(length=1)))
    prior = declared_prior(model, name, own)
    assert prior.sample(row_seeds(3, 0)).shape == (3, 0)
    np.testing.assert_array_equal(prior.kl(own.mean, own.log_var), np.zeros(6))
    np.testing.assert_array_equal(prior.log_density(own.mean), np.zeros(6))


def test_a_prior_of_ones_own_is_the_models_own_by_its_name():
    class Narrow(StandardPrior):
        kind = "narrow"

    model = TextVAE(VOCABULARY, latent_dim=2, embedding_dim=3, units=4, prior=Narrow())
    model.ensure_built()
    assert declared_prior(model, "narrow") is declared_prior(model) is model.prior
    with pytest.raises(InputError, match="unknown prior 'narro'"):
        declared_prior(model, "narro")


def test_what_would_be_refused_later_is_refused_first(monkeypatch):
    for fits in (None, "scaled", "standard", "fitted", "full", StandardPrior()):
        check_declared(fits, "standard")
    check_declared("vamp", "vamp")
    with pytest.raises(InputError, match=r'"vamp" is trained with the model, and .* with "full"'):
        check_declared("vamp", "full")
    with pytest.raises(InputError, match="unknown prior 'nonsense'"):
        check_declared("nonsense", "full")
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.mixture", None)
    check_declared("mixture", "mixture")
    with pytest.raises(InputError, match="needs scikit-learn: pip install"):
        check_declared("mixture", "full")
