import io
import json
import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from exact_models import (
    END,
    START,
    VOCABULARY,
    as_split,
    every_sequence,
    small_scale_vae,
    small_vae,
)
from rich.console import Console

from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.density import evaluate_density
from scale_vae_keras.evaluation.encode import encode_dataset, encode_sentences
from scale_vae_keras.evaluation.evaluate import dimension_table, evaluate_model
from scale_vae_keras.evaluation.prior import declared_prior
from scale_vae_keras.evaluation.report import measured_prior, metrics_table, notes
from scale_vae_keras.layers.decoder import LSTMDecoder
from scale_vae_keras.priors import PRIORS

CONTRACT = {
    "objective_nll",
    "elbo_nll",
    "iw_nll",
    "iw_samples",
    "ppl",
    "reconstruction",
    "kl",
    "kl_scaled_prior",
    "mi",
    "mi_cap",
    "au",
    "au_unscaled",
    "mpd",
    "ess",
    "sentences",
    "tokens",
    "factor",
    "prior",
}


@pytest.fixture(scope="module")
def split():
    return as_split(every_sequence(length=2))


@pytest.fixture(scope="module")
def model():
    return small_scale_vae(2, [1.3, 0.6])


@pytest.fixture(scope="module")
def metrics(model, split):
    return evaluate_model(model, split, samples=20)


def test_metrics_are_those_of_the_contract_and_of_json(metrics):
    assert metrics.keys() >= CONTRACT
    assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics


def test_means_and_standard_errors_are_those_of_the_sentences(model, split, metrics):
    encoded = encode_sentences(model, split)
    terms = evaluate_density(model, split, encoded, declared_prior(model, "scaled"), 20)
    expected = {
        "objective_nll": terms.reconstruction + terms.kl,
        "elbo_nll": terms.reconstruction + terms.kl_scaled_prior,
        "iw_nll": -terms.log_likelihood,
        "reconstruction": terms.reconstruction,
        "kl": terms.kl,
        "ess": terms.ess,
    }
    for name, values in expected.items():
        assert metrics[name] == pytest.approx(values.mean(), rel=1e-9)
        error = math.sqrt(np.sum((values - values.mean()) ** 2) / (len(values) - 1) / len(values))
        assert metrics[f"{name}_se"] == pytest.approx(error, rel=1e-9)


def test_counts_and_perplexity(split, metrics):
    assert metrics["sentences"] == 31
    # 1 of one token, 5 of two that end, 25 of two that are cut
    assert metrics["tokens"] == 1 + 5 * 2 + 25 * 2
    assert metrics["ppl"] == pytest.approx(math.exp(31 * metrics["iw_nll"] / 61))
    assert metrics["factor"] == pytest.approx({"min": 0.6, "mean": 0.95, "max": 1.3})


def test_bits_per_byte(model, split, metrics):
    assert metrics["bits_per_byte"] is None
    sized = replace(split, text_bytes=np.arange(1, 32))
    measured = evaluate_model(model, sized, samples=20)
    # 1 + 2 + ... + 31 bytes
    assert measured["bits_per_byte"] == pytest.approx(31 * metrics["iw_nll"] / (math.log(2) * 496))
    assert evaluate_model(model, sized, samples=0)["bits_per_byte"] is None


def test_same_seed_same_metrics(model, split, metrics):
    assert evaluate_model(model, split, samples=20) == metrics
    assert evaluate_model(model, split, samples=20, seed=1)["iw_nll"] != metrics["iw_nll"]


def test_without_samples_there_is_no_likelihood(model, split):
    metrics = evaluate_model(model, split, samples=0)
    for name in ("iw_nll", "iw_nll_se", "ppl", "ess", "ess_se"):
        assert metrics[name] is None
    assert metrics["iw_samples"] == 0
    assert metrics["elbo_nll"] > 0


def test_likelihood_of_a_language_model_is_exact(split):
    decoder = LSTMDecoder(VOCABULARY, 5, 6, latent_dim=0, dropout=0.0, initializer_range=0.9)
    decoder.build((None, 4), (None, 0))
    model = SimpleNamespace(
        decoder=decoder,
        vocabulary_size=VOCABULARY,
        latent_dim=0,
        labels=(),
        classifier=None,
        dtype_policy=decoder.dtype_policy,
    )
    encoded = encode_sentences(model, split)
    terms = evaluate_density(model, split, encoded, declared_prior(model, "scaled"), samples=3)
    assert np.exp(terms.log_likelihood).sum() == pytest.approx(1, abs=1e-6)
    metrics = evaluate_model(model, split, samples=500)
    assert metrics["iw_nll"] == pytest.approx(-terms.log_likelihood.mean())
    assert metrics["iw_nll"] == pytest.approx(metrics["elbo_nll"])
    assert metrics["mi"] is metrics["au"] is metrics["factor"] is None
    assert "exact" in notes(metrics)[0]


def test_fitted_generator_has_the_rate_of_the_fitted_gaussian(model, split):
    encoded = encode_sentences(model, split)
    variance = encoded.mean.var(axis=0) + np.exp(encoded.log_var).mean(axis=0)
    rate = 0.5 * np.sum(np.log(variance) - encoded.log_var.mean(axis=0))
    metrics = evaluate_model(model, split, samples=0, prior="diagonal", fitted_on=split)
    assert metrics["elbo_nll"] - metrics["reconstruction"] == pytest.approx(rate, abs=1e-5)
    assert notes(metrics)[0].endswith(
        "rank models by iw_nll, for which evaluate needs samples above 0."
    )


@pytest.mark.parametrize("prior", PRIORS)
def test_notes_on_a_prior(metrics, prior):
    text = "\n".join(notes({**metrics, "prior": prior}))
    assert f'under the prior "{prior}"' in text
    assert ("is fitted to the posteriors" in text) == (prior in ("diagonal", "full", "mixture"))
    assert ("estimated with samples" in text) == (prior in ("mixture", "learned-mixture", "vamp"))


def test_figures_of_earlier_versions_name_a_generator(metrics):
    assert (metrics["prior"], metrics["generator"]) == ("scaled", "scaled")
    earlier = {name: value for name, value in metrics.items() if name != "prior"}
    earlier["generator"] = "fitted-full"
    assert measured_prior(earlier) == "full"
    assert notes(earlier)[0].endswith('under the prior "full"; rank models by iw_nll.')
    console = Console(file=io.StringIO(), width=200)
    console.print(metrics_table({"before": earlier, "now": metrics}))
    row = next(line for line in console.file.getvalue().splitlines() if " prior " in line)
    assert [cell.strip() for cell in row.split("│")][3:5] == ["full", "scaled"]


@pytest.mark.parametrize("name", ["full", "fitted-full"])
def test_another_prior_than_the_models_is_named_in_the_metrics(model, split, name):
    metrics = evaluate_model(model, split, samples=0, prior=name, fitted_on=split)
    assert (metrics["prior"], metrics["generator"]) == ("full", "fitted-full")
    assert model.prior.kind == "scaled"


def test_the_models_own_prior_is_the_one_measured(split):
    model = small_scale_vae(2, [1.3, 0.6], prior="full")
    with pytest.raises(InputError, match='"full" is not fitted yet'):
        evaluate_model(model, split, samples=5)
    model.fit_prior(split)
    own = evaluate_model(model, split, samples=5)
    assert own["prior"] == "full"
    other = evaluate_model(model, split, samples=5, prior="scaled")
    assert other["prior"] == "scaled"
    assert other["elbo_nll"] != own["elbo_nll"]


def test_ids_and_batches_are_no_split(model, split):
    ids = np.array([[1, 4, 2]])
    for sentences in (ids, tf.data.Dataset.from_tensors(ids), "test"):
        with pytest.raises(InputError, match=r"give a split of sv\.data\.encode_split"):
            evaluate_model(model, sentences, samples=2)
    with pytest.raises(InputError, match="the sentences are of type ndarray"):
        evaluate_model(model, split, samples=2, prior="full", fitted_on=ids)


def test_encoded_rows_are_in_the_order_of_the_corpus(model):
    sentences = [[START, 4, 5, 3, END], [START, END], [START, 5, END]]
    encoded = encode_sentences(model, as_split(sentences))
    for ids, mean in zip(sentences, encoded.mean, strict=True):
        alone = encode_dataset(model, [np.array([ids], np.int32)])
        np.testing.assert_allclose(alone.mean[0], mean, atol=1e-6)


def test_a_dataset_is_encoded_in_its_order_whatever_its_batches(model, monkeypatch):
    """Neighbouring batches of other lengths run together."""
    sentences = [[START, 4, 5, 3, END], [START, END], [START, 5, END], [START, 3, 3, END]] * 2
    alone = [encode_dataset(model, [np.array([ids], np.int32)]).mean[0] for ids in sentences]
    monkeypatch.setattr("scale_vae_keras.evaluation.encode._BATCH_SIZE", 3)
    for size in (1, 2, 5):
        batches = [
            tf.ragged.constant(sentences[start : start + size], dtype=tf.int32).to_tensor()
            for start in range(0, len(sentences), size)
        ]
        together = encode_dataset(model, batches)
        np.testing.assert_allclose(together.mean, alone, atol=1e-6)


def test_encoded_means_differ_by_the_factor(model, split):
    encoded = encode_sentences(model, split)
    np.testing.assert_allclose(encoded.mean, [1.3, 0.6] * encoded.unscaled_mean, rtol=1e-5)


def test_dimension_table_adds_up_to_the_metrics(model, split, metrics):
    table = dimension_table(model, encode_sentences(model, split))
    for name in ("kl", "kl_scaled_prior", "kl_standard_prior", "mpd"):
        assert table[name].sum() == pytest.approx(metrics[name], rel=1e-6)
    np.testing.assert_allclose(table["factor"], [1.3, 0.6], rtol=1e-6)
    ratio = table["mean_variance"] / table["unscaled_mean_variance"]
    np.testing.assert_allclose(ratio, [1.69, 0.36], rtol=1e-4)


def test_table_shows_runs_side_by_side(metrics, split):
    plain = evaluate_model(small_vae(2), split, samples=0)
    console = Console(file=io.StringIO(), width=200)
    console.print(metrics_table({"scale": metrics, "vae": plain}))
    text = console.file.getvalue()
    row = next(line for line in text.splitlines() if " iw_nll " in line)
    assert f"{metrics['iw_nll']:.3f} ± {metrics['iw_nll_se']:.3f}" in row
    assert "nats per sentence" in row
    assert [cell.strip() for cell in row.split("│")][4] == "-"


def test_notes_flag_the_objective_of_a_scaled_posterior(metrics, split):
    assert any("objective_nll is NOT a bound" in line for line in notes(metrics))
    plain = evaluate_model(small_vae(2), split, samples=0)
    assert not any("objective_nll" in line for line in notes(plain))


def test_notes_name_what_cannot_be_trusted(metrics):
    saturated = {**metrics, "mi": metrics["mi_cap"] - 0.01, "ess": 1.2, "iw_samples": 500}
    text = "\n".join(notes(saturated))
    assert "mi is at its cap" in text
    assert "1.2 of 500 samples" in text
    assert "below what any prior could reach" in text


def test_data_without_a_batch():
    empty = tf.data.Dataset.from_tensors(tf.constant([[1, 4, 2]])).take(0)
    with pytest.raises(InputError, match="there is no sentence to encode"):
        encode_dataset(small_vae(2), empty)


def test_one_sentence_is_too_few_for_a_code(split, model):
    with pytest.raises(InputError, match="a code is measured over sentences: give at least two"):
        evaluate_model(model, split.first(1), samples=3)
