import math

import numpy as np
import pytest
import tensorflow as tf
from child_python import run_python
from exact_models import (
    END,
    START,
    as_split,
    every_sequence,
    exact_log_likelihoods,
    numpy_log_likelihood,
    small_scale_vae,
    small_vae,
    two_sentence_model,
)
from made_models import draw_weights
from made_priors import diagonal_prior, full_prior, mixture_prior

from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.density import evaluate_density
from scale_vae_keras.evaluation.encode import encode_sentences
from scale_vae_keras.evaluation.journal import Journal
from scale_vae_keras.evaluation.prior import declared_prior
from scale_vae_keras.evaluation.sample_likelihood import sample_likelihood
from scale_vae_keras.layers.cnn_decoder import CNNDecoder
from scale_vae_keras.layers.decoder import LSTMDecoder
from scale_vae_keras.priors import LearnedMixturePrior, MixturePrior, VampPrior

FACTORS = {1: [1.3], 2: [1.3, 0.6]}


PRIORS = ("scaled", "standard", "diagonal", "full", "mixture", "learned-mixture", "vamp")
ALL = pytest.mark.parametrize("kind", PRIORS)


@pytest.fixture(autouse=True)
def _small_mixtures(monkeypatch):
    monkeypatch.setattr("scale_vae_keras.priors.mixture._FEWEST_SAMPLES", 2_000)


def scale_vae_with(kind, latent_dim):
    """A model that may be measured under the prior."""
    learned = {"vamp": VampPrior(3, length=2), "learned-mixture": LearnedMixturePrior(3)}
    model = small_scale_vae(latent_dim, FACTORS[latent_dim], prior=learned.get(kind))
    if kind == "learned-mixture":
        draw_weights(model.prior.weights, stddev=0.4, seed=7)
    return model


def prior_of(model, kind, encoded):
    return declared_prior(model, MixturePrior(2) if kind == "mixture" else kind, encoded)


def evaluate(model, split, kind="scaled", samples=100, **arguments):
    encoded = encode_sentences(model, split)
    prior = prior_of(model, kind, encoded)
    return evaluate_density(model, split, encoded, prior, samples, **arguments)


def exact(model, sequences, kind):
    prior = prior_of(model, kind, encode_sentences(model, as_split(sequences)))
    return exact_log_likelihoods(model.decoder, sequences, prior)


@pytest.mark.parametrize("latent_dim", [1, 2])
def test_a_model_estimates_its_own_log_likelihood(latent_dim):
    model = small_scale_vae(latent_dim, FACTORS[latent_dim])
    ids = np.array([[START, 4, 5, 3, END], [START, 3, END, 0, 0]], np.int32)
    expected = [exact(model, [row[row != 0]], "scaled")[0] for row in ids]
    np.testing.assert_allclose(model.log_likelihood(ids, 2000, seed=1), expected, atol=0.05)
    few = [np.mean([model.log_likelihood(ids[:1], 2, seed) for seed in range(40)])]
    assert few[0] < expected[0]
    np.testing.assert_array_equal(
        model.log_likelihood(ids, 3, seed=5), model.log_likelihood(ids, 3, seed=5)
    )
    with pytest.raises(InputError, match="samples must be at least 1"):
        model.log_likelihood(ids, 0)
    with pytest.raises(InputError, match=r"samples must be a whole number, got 1\.5"):
        model.log_likelihood(ids, 1.5)


def test_sample_likelihood_is_that_of_numpy():
    decoder = small_vae(latent_dim=2).decoder
    ids = np.array([[START, 4, 5, 0, END], [START, 3, 1, 4, END]], np.int32)
    z = np.random.default_rng(0).normal(size=(2, 7, 2)).astype(np.float32)
    expected = [numpy_log_likelihood(decoder, row, own) for row, own in zip(ids, z, strict=True)]
    np.testing.assert_allclose(sample_likelihood(decoder)(ids, z), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [(LSTMDecoder, {}), (LSTMDecoder, {"skip": True}), (CNNDecoder, {"dilations": (1, 2)})],
)
def test_sample_likelihood_is_that_of_the_decoder(kind, arguments):
    decoder = kind(9, 4, 6, latent_dim=3, dropout=0.5, initializer_range=0.5, **arguments)
    decoder.build((None, 5), (None, 3))
    ids = np.array([[START, 4, 8, 7, END], [START, 3, 3, 4, END]], np.int32)
    z = np.random.default_rng(0).normal(size=(2, 7, 3)).astype(np.float32)
    expected = decoder(np.repeat(ids, 7, axis=0), z.reshape(14, 3))
    result = sample_likelihood(decoder)(ids, z)
    np.testing.assert_allclose(result, np.reshape(expected, (2, 7)), atol=1e-5)


def test_sample_likelihood_of_tokens_too_improbable_for_float32():
    decoder = small_vae(latent_dim=2).decoder
    decoder.output_kernel.assign(60 * decoder.output_kernel)
    ids = np.array([[START, 4, 5, 3, END]], np.int32)
    z = np.random.default_rng(0).normal(size=(1, 50, 2)).astype(np.float32)
    expected = numpy_log_likelihood(decoder, ids[0], z[0])
    assert expected.min() < -200
    np.testing.assert_allclose(sample_likelihood(decoder)(ids, z)[0], expected, rtol=1e-4)


@ALL
@pytest.mark.parametrize("latent_dim", [1, 2])
def test_probabilities_of_all_sentences_sum_to_one(latent_dim, kind):
    model = scale_vae_with(kind, latent_dim)
    sequences = every_sequence(length=2)
    assert np.exp(exact(model, sequences, kind)).sum() == pytest.approx(1, abs=1e-6)
    result = evaluate(model, as_split(sequences), kind, samples=5_000, rows=50_000)
    assert np.exp(result.log_likelihood).sum() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("kind", PRIORS[:5])
@pytest.mark.parametrize("latent_dim", [1, 2])
def test_estimate_converges_to_the_exact_likelihood(latent_dim, kind):
    model = scale_vae_with(kind, latent_dim)
    sequences = every_sequence(length=2)
    truth = exact(model, sequences, kind)
    errors = [
        np.abs(
            evaluate(model, as_split(sequences), kind, samples, rows=50_000).log_likelihood - truth
        ).mean()
        for samples in (500, 5_000, 50_000)
    ]
    assert errors[0] > 1.5 * errors[1] > 1.5**2 * errors[2]
    assert errors[2] < 0.02


@ALL
def test_elbo_is_below_the_estimate_and_that_below_the_truth(kind):
    model = scale_vae_with(kind, 2)
    sequences = every_sequence(length=2)
    truth = exact(model, sequences, kind)
    repeats = 60  # each repeat has noise of its own
    result = evaluate(model, as_split(sequences * repeats), kind, samples=10)
    elbo = result.elbo.reshape(repeats, -1).mean(axis=1)
    estimate = result.log_likelihood.reshape(repeats, -1).mean(axis=1)
    for gap in (estimate - elbo, truth.mean() - estimate):
        assert gap.mean() > 3 * gap.std(ddof=1) / math.sqrt(repeats)


def test_generators_of_a_model_without_factor_agree():
    model = small_vae(2)
    split = as_split(every_sequence(length=1))
    scaled, standard = evaluate(model, split, "scaled"), evaluate(model, split, "standard")
    np.testing.assert_array_equal(scaled.log_likelihood, standard.log_likelihood)
    np.testing.assert_array_equal(scaled.kl, scaled.kl_scaled_prior)
    np.testing.assert_array_equal(scaled.kl, scaled.kl_standard_prior)
    np.testing.assert_array_equal(scaled.objective, scaled.elbo)


def test_rates_of_a_literal_posterior():
    # mean 0.5 (scaled: 1.0), variance e^-1, factor 2
    scaled = diagonal_prior([0.0], [2.0]).kl(np.array([[1.0]]), np.array([[-1.0]])).numpy()
    expected = 0.5 * (0.25 + math.exp(-1) / 4 + 1 + 2 * math.log(2) - 1)
    assert scaled.item() == pytest.approx(expected, abs=1e-12)


def test_rates_of_random_posteriors():
    """Against the divergence of Gaussians with full covariance matrices."""
    random = np.random.default_rng(8)
    means, log_vars = random.normal(0, 2, (20, 3)), random.normal(0, 1, (20, 3))
    location, stddev = random.normal(0, 1, 3), random.uniform(0.3, 3, 3)
    prior = diagonal_prior(location, stddev)
    precision = np.linalg.inv(np.diag(np.square(stddev)))
    expected = [
        0.5
        * (
            np.trace(precision @ np.diag(np.exp(log_var)))
            + (mean - location) @ precision @ (mean - location)
            - 3
            - np.linalg.slogdet(precision @ np.diag(np.exp(log_var)))[1]
        )
        for mean, log_var in zip(means, log_vars, strict=True)
    ]
    np.testing.assert_allclose(prior.kl(means, log_vars), expected, atol=1e-5)


def test_objective_is_no_bound_on_the_constructed_example():
    """Two sentences: no model has a mean log-likelihood above -log 2; the objective exceeds it."""
    model, split = two_sentence_model()
    result = evaluate(model, split, samples=20_000, rows=20_000)
    log_two = math.log(2)
    prior = diagonal_prior([0.0], [1100.0])
    truth = exact_log_likelihoods(model.decoder, [[START, 4, END]], prior)[0]
    assert truth == pytest.approx(-log_two, abs=1e-3)
    assert result.objective.mean() == pytest.approx(-0.312, abs=0.005)
    assert result.objective.mean() > -log_two
    assert result.elbo.mean() == pytest.approx(-6.8, abs=0.05)
    assert np.all(result.log_likelihood < -log_two + 0.01)


def test_constructed_example_with_a_mild_factor():
    model, split = two_sentence_model(spread=0.3)
    scaled = evaluate(model, split, "scaled", samples=20_000, rows=20_000)
    standard = evaluate(model, split, "standard", samples=20_000, rows=20_000)
    assert scaled.objective.mean() == pytest.approx(-0.357, abs=0.005)
    assert scaled.elbo.mean() == pytest.approx(-1.194, abs=0.005)
    assert standard.elbo.mean() == pytest.approx(-0.917, abs=0.005)
    assert np.all(scaled.log_likelihood < -math.log(2) + 0.02)
    np.testing.assert_allclose(standard.log_likelihood, -math.log(2), atol=0.02)


@pytest.mark.parametrize("rows", [1, 7, 64, 100_000])
def test_division_of_the_work_changes_nothing(rows):
    model = small_scale_vae(2, FACTORS[2])
    split = as_split(every_sequence(length=2))
    whole = evaluate(model, split, samples=30, seed=5, rows=1000)
    parts = evaluate(model, split, samples=30, seed=5, rows=rows)
    for name in ("log_likelihood", "reconstruction", "ess"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-5)


def test_same_seed_same_figures_other_seed_other_figures():
    model = small_scale_vae(2, FACTORS[2])
    split = as_split(every_sequence(length=1))
    first, second, other = (evaluate(model, split, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.log_likelihood, second.log_likelihood)
    assert np.all(first.log_likelihood != other.log_likelihood)


def test_a_sentence_has_its_noise_whatever_follows_it():
    model = small_scale_vae(2, FACTORS[2])
    sequences = every_sequence(length=2)
    some = evaluate(model, as_split(sequences[:5]))
    every = evaluate(model, as_split(sequences))
    np.testing.assert_allclose(every.log_likelihood[:5], some.log_likelihood, rtol=1e-5)


def test_effective_sample_size_is_all_samples_where_the_posterior_is_exact():
    """A decoder that ignores z: with the prior as the posterior all weights are equal."""
    model = small_vae(2)
    model.gaussian_posterior.kernel.assign(tf.zeros_like(model.gaussian_posterior.kernel))
    model.decoder.state_kernel.assign(tf.zeros_like(model.decoder.state_kernel))
    kernel = model.decoder.lstm.kernel.numpy()
    kernel[-2:] = 0
    model.decoder.lstm.kernel.assign(kernel)
    result = evaluate(model, as_split([[START, 4, END], [START, 4, 5, END]]), samples=64)
    np.testing.assert_allclose(result.ess, 64, rtol=1e-4)
    np.testing.assert_allclose(result.log_likelihood, result.elbo, atol=1e-5)
    np.testing.assert_array_equal(result.tokens, [2, 3])


def test_without_samples_there_is_no_likelihood():
    model = small_vae(2)
    result = evaluate(model, as_split([[START, 4, END]]), samples=0)
    assert np.isnan(result.log_likelihood).all()
    assert np.isnan(result.ess).all()
    assert np.isfinite(result.elbo).all()


def test_interrupted_evaluation_goes_on_from_its_journal(tmp_path, monkeypatch):
    model = small_scale_vae(2, FACTORS[2])
    split = as_split(every_sequence(length=2))
    whole = evaluate(model, split, samples=20)
    journal = tmp_path / "evaluation.npz"
    monkeypatch.setattr("scale_vae_keras.evaluation.journal._SECONDS_BETWEEN_WRITES", 0.0)
    scored = []

    def interrupt(groups, *_, **__):
        for group in groups:
            if len(scored) == 3:
                raise KeyboardInterrupt
            scored.append(group)
            yield group

    monkeypatch.setattr("scale_vae_keras.evaluation.density.track", interrupt)
    with pytest.raises(KeyboardInterrupt):
        evaluate(model, split, samples=20, rows=20, journal=journal)
    rest = []
    monkeypatch.setattr(
        "scale_vae_keras.evaluation.density.track",
        lambda groups, *_, **__: (rest.append(group) or group for group in groups),
    )
    resumed = evaluate(model, split, samples=20, rows=20, journal=journal)
    assert len(rest) == split.sentences - 3
    np.testing.assert_allclose(resumed.log_likelihood, whole.log_likelihood, rtol=1e-5)
    assert not journal.exists()


def test_an_evaluation_that_was_interrupted_at_its_very_end(tmp_path, monkeypatch):
    model = small_scale_vae(2, FACTORS[2])
    split = as_split(every_sequence(length=1))
    journal = tmp_path / "evaluation.npz"
    monkeypatch.setattr("scale_vae_keras.evaluation.journal._SECONDS_BETWEEN_WRITES", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "remove", lambda self: None)
        whole = evaluate(model, split, samples=5, journal=journal)
    resumed = evaluate(model, split, samples=5, journal=journal)
    np.testing.assert_array_equal(resumed.log_likelihood, whole.log_likelihood)
    assert not journal.exists()


def test_an_interrupted_evaluation_refuses_another_prior(tmp_path, monkeypatch):
    model = small_scale_vae(2, FACTORS[2])
    split = as_split(every_sequence(length=2))
    journal = tmp_path / "evaluation.npz"
    monkeypatch.setattr("scale_vae_keras.evaluation.journal._SECONDS_BETWEEN_WRITES", 0.0)

    def interrupt(groups, *_, **__):
        yield groups[0]
        raise KeyboardInterrupt

    arguments = {"samples": 20, "rows": 20, "journal": journal}
    with monkeypatch.context() as patch:
        patch.setattr("scale_vae_keras.evaluation.density.track", interrupt)
        with pytest.raises(KeyboardInterrupt):
            evaluate(model, split, "mixture", **arguments)
    for kind in ("scaled", "standard", "diagonal", "full"):
        with pytest.raises(InputError, match="belongs to another evaluation"):
            evaluate(model, split, kind, **arguments)
    evaluate(model, split, "mixture", **arguments)
    assert not journal.exists()


def test_bound_with_a_sampled_rate_is_never_above_the_estimate():
    """Both are of the same samples: the mean of the log weights, and the log of their mean."""
    split = as_split(every_sequence(length=2))
    result = evaluate(small_scale_vae(2, FACTORS[2]), split, "mixture", samples=5)
    assert np.all(result.elbo < result.log_likelihood)


def test_sampled_rate_is_the_divergence():
    """A mixture of one component is a Gaussian, whose rate is known."""
    model = small_scale_vae(2, FACTORS[2])
    split = as_split(every_sequence(length=1) * 40)
    encoded = encode_sentences(model, split)
    parameters = ([0.3, -0.2], [[1.2, 0.0], [0.7, 0.5]])
    gaussian = full_prior(*parameters)
    mixture = mixture_prior([1.0], *([part] for part in parameters))
    exact = evaluate_density(model, split, encoded, gaussian, samples=200)
    sampled = evaluate_density(model, split, encoded, mixture, samples=200)
    np.testing.assert_allclose(sampled.log_likelihood, exact.log_likelihood, rtol=1e-9)
    errors = sampled.kl_prior - exact.kl_prior
    standard_error = errors.std(ddof=1) / math.sqrt(len(errors))
    assert abs(errors.mean()) < 3 * standard_error < 0.1


def test_journal_of_another_evaluation_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("scale_vae_keras.evaluation.journal._SECONDS_BETWEEN_WRITES", 0.0)
    path = tmp_path / "evaluation.npz"
    Journal(path, [np.array([1])]).save(np.zeros([2, 3]))
    with pytest.raises(InputError, match="belongs to another evaluation"):
        Journal(path, [np.array([2])]).load(np.zeros([2, 3]))
    path.write_text("not a journal")
    with pytest.raises(InputError, match="not an evaluation journal"):
        Journal(path, [np.array([1])]).load(np.zeros([2, 3]))


@pytest.mark.parametrize("kept", [0.1, 0.6, 0.97])
def test_a_journal_that_was_cut_off_is_dropped(tmp_path, monkeypatch, caplog, kept):
    monkeypatch.setattr("scale_vae_keras.evaluation.journal._SECONDS_BETWEEN_WRITES", 0.0)
    path = tmp_path / "evaluation.npz"
    journal = Journal(path, [np.array([1])])
    journal.save(np.ones([200, 3]))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole))])
    rows = journal.load(np.zeros([200, 3]))
    np.testing.assert_array_equal(rows, 0)
    assert "cut off" in caplog.text
    assert list(tmp_path.iterdir()) == []
    journal.save(np.ones([200, 3]))
    np.testing.assert_array_equal(journal.load(rows), 1)
    assert list(tmp_path.iterdir()) == [path]


def test_a_model_and_the_evaluation_weigh_the_same_samples():
    model = small_scale_vae(2, FACTORS[2], prior="full")
    ids = np.array([[START, 4, 5, 3, END], [START, 3, END, 0, 0]], np.int32)
    split = as_split([row[row != 0] for row in ids])
    model.fit_prior(as_split(every_sequence(length=2)))
    encoded = encode_sentences(model, split)
    expected = evaluate_density(model, split, encoded, model.prior, 30, seed=4).log_likelihood
    np.testing.assert_allclose(model.log_likelihood(ids, 30, seed=4), expected, rtol=1e-5)
    scaled = evaluate_density(model, split, encoded, declared_prior(model, "scaled"), 30, seed=4)
    assert np.abs(scaled.log_likelihood - expected).min() > 0.01


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"samples": -1}, "samples must be at least 0, got -1"),
        ({"samples": 2.5}, "samples must be a whole number, got 2.5"),
        ({"seed": -1}, "seed must be at least 0, got -1"),
        ({"rows": 0}, "rows must be at least 1, got 0"),
        ({"kind": "paper"}, "unknown prior 'paper'"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(InputError, match=message):
        evaluate(small_vae(1), as_split([[START, END]]), **arguments)


def test_a_model_that_has_diverged_is_refused():
    model = small_vae(1)
    model.gaussian_posterior.kernel.assign(np.nan * model.gaussian_posterior.kernel)
    with pytest.raises(InputError, match="diverged"):
        evaluate(model, as_split([[START, END]]))


MEMORY = """
import resource
from exact_models import as_split
from scale_vae_keras.evaluation import encode_sentences, declared_prior, evaluate_density
from scale_vae_keras.models import TextVAE
model = TextVAE(20_000, 4, 8, 8)
model.build((None, 4))
for sentences, samples in ((32, 50), (1, 5_000)):
    split = as_split([[1, 4, 2]] * sentences)
    encoded = encode_sentences(model, split)
    evaluate_density(model, split, encoded, declared_prior(model, "scaled"), samples)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_samples():
    output = run_python(MEMORY)
    few, many = (int(line) for line in output.split())
    assert many < 1.2 * few
