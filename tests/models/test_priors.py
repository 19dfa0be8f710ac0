"""The prior of a model: trained with it, fitted to it, and what it is used for."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras import models
from scale_vae_keras.callbacks import EpochAverageScale, FitPrior
from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.posterior import Posterior
from scale_vae_keras.models import ScaleVAE, TextVAE
from scale_vae_keras.priors import LearnedMixturePrior, MixturePrior, VampPrior, get_prior

LEARNED = {
    "learned-mixture": lambda: LearnedMixturePrior(3, seed=1),
    "vamp": lambda: VampPrior(3, length=2),
}
SYSTEMS = {
    "vae": (models.TextVAE, {}),
    "beta": (models.BetaVAE, {}),
    "free-bits": (models.FreeBitsVAE, {"free_bits": 0.002, "free_bits_form": "sentence"}),
    "delta": (models.DeltaVAE, {}),
    "sa": (models.SemiAmortizedVAE, {"refinement_steps": 2, "refinement_rate": 0.3}),
    "agg": (models.AggressiveVAE, {}),
    "mae": (models.MutualPosteriorVAE, {}),
    "bn": (models.BatchNormVAE, {}),
    "du": (models.DUVAE, {"min_batch": 2}),
    "info-mmd": (models.InfoVAE, {}),
    "info-kl": (models.InfoVAE, {"divergence": "kl"}),
    "li2019": (models.PretrainedVAE, {"free_bits": 0.002, "free_bits_form": "sentence"}),
    "scale": (models.ScaleVAE, {}),
}


def spread(prior):
    """Parameters far from the first ones, so that the mixture is no Gaussian."""
    random = np.random.default_rng(2)
    for weight in prior.weights:
        weight.assign(weight + random.normal(0, 0.8, weight.shape))


@pytest.mark.parametrize("prior", LEARNED)
@pytest.mark.parametrize("system", SYSTEMS)
def test_gradients_of_a_learned_prior_agree_with_finite_differences(make, sentences, system, prior):
    model, arguments = SYSTEMS[system]
    if (system, prior) == ("sa", "vamp"):
        with pytest.raises(InputError, match="does not go with SA-VAE"):
            model(12, prior=LEARNED[prior]())
        return
    vae, ids = make(model, prior=LEARNED[prior](), **arguments), tf.constant(sentences(6))
    spread(vae.prior)

    @tf.function(autograph=False)
    def loss_and_gradients():
        vae.training_calls.assign(0)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(vae(ids, training=True).loss)
        return loss, tape.gradient(loss, [w.value for w in vae.prior.trainable_weights])

    _, gradients = loss_and_gradients()
    for weight, gradient in zip(vae.prior.trainable_weights, gradients, strict=True):
        norm = np.linalg.norm(gradient)
        start, step = np.array(weight), 0.02 * np.array(gradient) / norm
        losses = []
        for sign in (1, -1):
            weight.assign(start + sign * step)
            losses.append(float(loss_and_gradients()[0]))
        weight.assign(start)
        assert norm > 1e-4, weight.path
        # the samples of the prior in the discrepancy are taken as they are
        if system != "info-mmd":
            assert (losses[0] - losses[1]) / 0.04 == pytest.approx(norm, rel=0.02, abs=1e-3)


@pytest.mark.parametrize("model", [TextVAE, ScaleVAE])
@pytest.mark.parametrize("training", [True, False])
def test_the_loss_charges_what_the_decoder_samples_to_the_learned_prior(
    make, sentences, model, training
):
    vae, ids = make(model, prior=LearnedMixturePrior(3)), sentences(8)
    spread(vae.prior)
    vae.kl_weight.assign(0.25)
    noise = np.random.default_rng(0).standard_normal((8, 2)).astype(np.float32)
    vae._noise = lambda ids, seed: tf.constant(noise)
    sampled, _ = vae.posteriors(vae.posterior(ids), training)
    rate = vae.prior.rate(*sampled, sampled.sample(noise))
    terms = vae(ids, training=training)
    weight = 0.25 if training else 1.0
    np.testing.assert_allclose(
        terms.loss, np.add(terms.reconstruction, weight * np.array(rate)), rtol=1e-5
    )


@pytest.mark.parametrize("prior", LEARNED)
def test_the_rate_of_a_learned_prior_is_unbiased(make, sentences, prior):
    """Its mean over many samples is that of log q(z) - log p(z), and it varies less."""
    vae = make(prior=LEARNED[prior]())
    spread(vae.prior)
    mean, log_var = (np.repeat(part[:1], 40_000, axis=0) for part in vae.encode(sentences(3)))
    noise = np.random.default_rng(5).standard_normal(mean.shape)
    z = mean + np.exp(0.5 * log_var) * noise
    log_q = -0.5 * np.sum(np.square(noise) + log_var + np.log(2 * np.pi), axis=1)
    plain = log_q - vae.prior.log_density(z).numpy()
    rate = vae.prior.rate(mean, log_var, z).numpy()
    standard_error = (rate - plain).std() / np.sqrt(len(rate))
    assert abs(rate.mean() - plain.mean()) < 4 * standard_error < 0.02
    assert rate.std() < 0.8 * plain.std()


def test_the_first_steps_of_a_learned_mixture_are_those_of_standard(make, sentences):
    plain = make(TextVAE, latent_dim=8)
    mixture = make(TextVAE, latent_dim=8, prior="learned-mixture")
    for seed in range(3):
        ids = sentences(16, seed)
        expected, actual = (m.train_on_batch(ids, return_dict=True) for m in (plain, mixture))
        assert actual["loss"] == pytest.approx(expected["loss"], abs=2e-3)
    for one, other in zip(plain.trainable_weights, mixture.trainable_weights, strict=False):
        np.testing.assert_allclose(other, one, atol=2e-3)


def test_the_components_of_a_learned_mixture_part(make):
    """Trained on two clusters it beats the best Gaussian by most of the log 2 that parts them."""
    prior = LearnedMixturePrior(4)
    prior.build((None, 2))
    optimizer = keras.optimizers.SGD(0.5)
    random = np.random.default_rng(0)
    centres = np.where(random.random((256, 1)) < 0.5, -3.0, 3.0) * np.array([1.0, 0.5])
    mean, log_var = centres.astype(np.float32), np.full([256, 2], -1.0, np.float32)

    @tf.function(autograph=False)
    def step(noise):
        with tf.GradientTape() as tape:
            z = mean + tf.exp(0.5 * log_var) * noise
            rate = tf.reduce_mean(prior.rate(mean, log_var, z))
        weights = [weight.value for weight in prior.trainable_weights]
        optimizer.apply(tape.gradient(rate, weights), prior.trainable_weights)
        return rate

    rates = [float(step(random.standard_normal((256, 2)).astype(np.float32))) for _ in range(400)]
    variance = mean.astype(np.float64).var(axis=0) + np.exp(-1.0)
    of_the_best_diagonal = 0.5 * np.sum(np.log(variance) + 1.0)
    assert rates[0] > of_the_best_diagonal
    assert np.mean(rates[-20:]) == pytest.approx(np.log(2), abs=0.1)
    assert of_the_best_diagonal > np.log(2) + 1


def test_the_gradient_of_the_prior_is_the_decoders_in_aggressive_training(make, sentences):
    vae = make(models.AggressiveVAE, prior=LearnedMixturePrior(3))
    spread(vae.prior)
    before = vae.prior.get_weights()
    vae.encoder_step(tf.constant(sentences(8)))
    for one, other in zip(vae.prior.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)
    vae.aggressive.assign(1.0)
    vae.train_on_batch(sentences(8))
    assert not np.array_equal(vae.prior.get_weights()[0], before[0])


def batches(ids, size=4):
    return tf.data.Dataset.from_tensor_slices(ids).batch(size)


@pytest.mark.parametrize("validated", [True, False])
def test_fit_prior_fits_after_each_epoch_before_validation(make, sentences, validated):
    vae, ids = make(ScaleVAE, prior="diagonal"), sentences(12)
    seen = []

    class Probe(keras.callbacks.Callback):
        def on_test_begin(self, logs=None):
            seen.append(np.array(vae.prior.mean))

        def on_epoch_end(self, epoch, logs=None):
            mean = vae.encode(ids[:8]).mean
            np.testing.assert_allclose(vae.prior.mean, np.mean(mean, axis=0), rtol=1e-4)
            seen.append(np.array(vae.prior.mean))

    vae.fit(
        batches(ids),
        validation_data=batches(ids) if validated else None,
        epochs=2,
        callbacks=[EpochAverageScale(), FitPrior(batches(ids), limit=8), Probe()],
        shuffle=False,
        verbose=0,
    )
    assert len(seen) == (4 if validated else 2)
    if validated:
        np.testing.assert_array_equal(seen[0], seen[1])
    assert not np.array_equal(seen[-1], seen[0])


def test_fit_prior_refuses_a_prior_that_is_not_fitted(make, sentences):
    data = batches(sentences(8))
    with pytest.raises(InputError, match='not "standard"'):
        make().fit(data, callbacks=[FitPrior(data)], shuffle=False, verbose=0)
    with pytest.raises(InputError, match="limit must be at least 1, got 0"):
        FitPrior(data, limit=0)


@pytest.mark.parametrize(("kind", "limit"), [("full", 3000), ("mixture", 10_000)])
def test_how_many_sentences_a_prior_is_fitted_to_by_default(kind, limit):
    asked = []
    fit_prior = FitPrior("sentences", seed=3)
    fit_prior.set_model(
        SimpleNamespace(prior=get_prior(kind), fit_prior=lambda *given: asked.append(given))
    )
    fit_prior.on_epoch_begin(0)
    fit_prior.on_test_begin()
    fit_prior.on_epoch_end(0)
    assert asked == [("sentences", limit, 3)]


def test_a_fit_from_posteriors_is_that_from_sentences(make, sentences):
    vae, ids = make(prior="full"), sentences(12)
    vae.fit_prior(batches(ids))
    fitted = vae.prior.get_weights()
    vae.fit_prior(Posterior(*vae.encode(ids)))
    for one, other in zip(vae.prior.get_weights(), fitted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    with pytest.raises(InputError, match="no sentence"):
        vae.fit_prior(batches(ids).take(0))
    for limit in (0, -1):
        with pytest.raises(InputError, match=f"limit must be at least 1, got {limit}"):
            vae.fit_prior(ids, limit=limit)
    with pytest.raises(InputError, match="seed must be at least 0, got -1"):
        vae.fit_prior(ids, seed=-1)


def test_a_prior_that_is_not_fitted_yet_is_not_used(make, sentences):
    vae = make(prior="full")
    for call in (lambda: vae.generate(2), lambda: vae.log_likelihood(sentences(2))):
        with pytest.raises(InputError, match=r'"full" is not fitted yet: call model.fit_prior'):
            call()


@pytest.mark.parametrize(
    "prior",
    [
        "scaled",
        "standard",
        "diagonal",
        "full",
        MixturePrior(2),
        *(make() for make in LEARNED.values()),
    ],
    ids=lambda prior: prior if isinstance(prior, str) else prior.kind,
)
def test_a_keras_file_brings_the_prior_back(make, sentences, tmp_path, prior, monkeypatch):
    monkeypatch.setattr("scale_vae_keras.priors.mixture._FEWEST_SAMPLES", 500)
    eagerly = {"run_eagerly": True}
    vae, ids = make(ScaleVAE, compile_arguments=eagerly, prior=prior), sentences(12)
    vae.train_on_batch(ids)
    if vae.prior.needs_fit:
        vae.fit_prior(batches(ids))
    vae.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert loaded.prior.kind == vae.prior.kind
    assert loaded.prior.get_config() == vae.prior.get_config()
    for one, other in zip(loaded.weights, vae.weights, strict=True):
        assert one.path == other.path
        np.testing.assert_array_equal(one, other)
    for actual, expected in zip(loaded.generate(5, seed=1), vae.generate(5, seed=1), strict=True):
        np.testing.assert_array_equal(actual, expected)
    z = vae.prior.sample(np.arange(5))
    np.testing.assert_array_equal(vae.generate(5).z.shape, z.shape)
    np.testing.assert_allclose(
        loaded.log_likelihood(ids[:2], 5), vae.log_likelihood(ids[:2], 5), rtol=1e-6
    )


def test_a_prior_of_another_model_is_kept(make, sentences):
    vae, ids = make(prior="full"), sentences(12)
    vae.fit_prior(batches(ids))
    other = make(ScaleVAE, prior=vae.prior)
    assert other.prior is vae.prior
    np.testing.assert_array_equal(other.generate(4).z, vae.generate(4).z)
    with pytest.raises(InputError, match="the prior has 2 dimensions and the model 3"):
        make(latent_dim=3, prior=vae.prior)


def test_what_does_not_go_together():
    with pytest.raises(InputError, match='set free_bits_form to "sentence"'):
        models.FreeBitsVAE(12, prior="learned-mixture")
    with pytest.raises(InputError, match='leave bound="annealed" out'):
        ScaleVAE(12, prior="learned-mixture", bound="annealed")
    with pytest.raises(InputError, match="unknown prior 'flow'"):
        TextVAE(12, prior="flow")


@pytest.mark.parametrize(
    "given",
    [
        lambda ids: ids,
        lambda ids: ids.tolist(),
        lambda ids: batches(ids.astype(np.int64)),
        lambda ids: iter([ids[:4], ids[4:]]),
    ],
    ids=["array", "lists", "int64", "generator"],
)
def test_a_prior_is_fitted_to_whatever_fit_takes(make, sentences, given):
    ids = sentences(8)
    expected, vae = make(prior="diagonal"), make(prior="diagonal")
    expected.fit_prior(batches(ids))
    vae.fit_prior(given(ids))
    np.testing.assert_array_equal(vae.prior.mean, expected.prior.mean)
    with pytest.raises(InputError, match="outside of the vocabulary"):
        vae.fit_prior(batches(ids + 50))


def test_a_model_that_is_not_built_yet():
    vae = TextVAE(12, latent_dim=2, embedding_dim=5, units=6, prior="diagonal")
    with pytest.raises(InputError, match="not fitted yet"):
        vae.log_likelihood([[1, 5, 2]])
    vae = TextVAE(12, latent_dim=2, embedding_dim=5, units=6, prior="diagonal")
    vae.fit_prior(Posterior(np.ones([3, 2]), np.zeros([3, 2])))
    np.testing.assert_allclose(vae.prior.mean, [1, 1])


@pytest.mark.parametrize("averages", [True, False])
def test_a_prior_is_fitted_to_the_weights_that_training_leaves(make, sentences, averages):
    """With `use_ema` the weights become their average after the last epoch."""
    data = batches(sentences(16))
    model = make(prior="full", optimizer=keras.optimizers.SGD(0.5, use_ema=averages))
    model.fit(data, epochs=2, callbacks=[FitPrior(data)], shuffle=False, verbose=0)
    left = model.prior.sample(tf.constant([1, 2], tf.int64)).numpy()
    model.fit_prior(data)
    np.testing.assert_allclose(model.prior.sample(tf.constant([1, 2], tf.int64)), left, atol=1e-5)
