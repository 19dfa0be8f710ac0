"""An export draws from the model's prior and scores under it, whichever it is."""

import os
import subprocess
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from made_models import draw_weights
from made_priors import diagonal_prior, full_prior, mixture_prior
from tensor_files import read_arrays, write_arrays
from tiny_model import FACTOR, MAX_WORDS, tiny_model

from scale_vae_keras.errors import InputError
from scale_vae_keras.priors import LearnedMixturePrior, VampPrior
from scale_vae_keras.samplers.row_random import row_seeds
from scale_vae_keras.serving.signatures import Signatures

SEEDS = row_seeds(6, 2)
PRIORS = ("scaled", "standard", "diagonal", "full", "mixture", "learned-mixture", "vamp")


def made(kind):
    latent = len(FACTOR)
    means = np.random.default_rng(1).normal(0, 2, (3, latent))
    roots = [(k + 1) * (np.eye(latent) + 0.5 * np.tri(latent, k=-1)) for k in range(3)]
    match kind:
        case "diagonal":
            return diagonal_prior(means[0], np.arange(1.0, latent + 1))
        case "full":
            return full_prior(means[0], roots[1])
        case "mixture":
            return mixture_prior([0.2, 0.5, 0.3], means, roots)
        case "learned-mixture":
            return LearnedMixturePrior(3)
        case "vamp":
            return VampPrior(3, length=2)
    return kind


def model_with(prior):
    model = tiny_model(prior=prior)
    if model.prior.learned:
        draw_weights(model.prior.weights, stddev=1.0, seed=5)
    return model


@pytest.fixture(scope="module", params=PRIORS)
def exported(request, tokenizer, tmp_path_factory):
    """A model and its SavedModel with the two signatures that use the prior."""
    model = model_with(made(request.param))
    signatures = Signatures(model, tokenizer, MAX_WORDS + 1)
    archive = keras.export.ExportArchive()
    archive.track(tokenizer)
    for name in ("generate", "score"):
        archive.add_endpoint(name, *signatures.specifications()[name])
    path = tmp_path_factory.mktemp("priors") / request.param
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    archive.write_out(str(path), options, verbose=False)
    return model, path


def request_of(specifications):
    """Sampling at temperature 1 and, where the signature has it, from all words."""
    values = {"seed": SEEDS, "temperature": np.ones(6, np.float32), "top_p": np.ones(6, np.float32)}
    return {name: values[name] for name in specifications}


def test_generate_writes_the_sentences_of_python(exported, tokenizer):
    model, path = exported
    signature = tf.saved_model.load(str(path)).signatures["generate"]
    inputs = request_of(signature.structured_input_signature[1])
    answer = signature(**{name: tf.constant(value) for name, value in inputs.items()})
    expected = model.generate(6, seed=2, max_length=MAX_WORDS + 1)
    np.testing.assert_allclose(answer["z"], expected.z, rtol=1e-5, atol=1e-5)
    assert answer["text"].numpy().tolist() == tokenizer.detokenize(expected.ids).numpy().tolist()


def test_score_is_the_bound_under_the_prior(exported, tokenizer):
    model, path = exported
    signature = tf.saved_model.load(str(path)).signatures["score"]
    text, repeats = "word0 word1 word2", 64
    answer = signature(text=tf.constant([text] * repeats), seed=tf.range(repeats, dtype=tf.int64))
    np.testing.assert_allclose(answer["elbo"], -answer["reconstruction"] - answer["kl"], rtol=1e-5)
    mean, log_var = model.encode(tokenizer.to_ids(tokenizer.split([text])).to_tensor())
    if model.prior.closed_form:
        np.testing.assert_allclose(answer["kl"], [model.prior.kl(mean, log_var)[0]] * 64, rtol=1e-4)
        return
    noise = np.random.default_rng(0).standard_normal((20_000, mean.shape[1]))
    z = mean + np.exp(0.5 * log_var) * noise
    rates = model.prior.rate(*(np.broadcast_to(part, z.shape) for part in (mean, log_var)), z)
    kl = answer["kl"].numpy()
    error = kl.std(ddof=1) / np.sqrt(repeats) + 1e-4
    assert abs(kl.mean() - np.mean(rates)) < 4 * error


@pytest.mark.older_tensorflow
@pytest.mark.skipif(
    "SCALE_VAE_TENSORFLOW_2_20" not in os.environ,
    reason="set SCALE_VAE_TENSORFLOW_2_20 to a Python with TensorFlow and Text 2.20.0",
)
def test_an_older_tensorflow_writes_the_same_sentences(exported, tokenizer, tmp_path):
    model, path = exported
    signature = tf.saved_model.load(str(path)).signatures["generate"]
    inputs = request_of(signature.structured_input_signature[1])
    write_arrays(tmp_path / "inputs", {f"generate/{name}": value for name, value in inputs.items()})
    script = Path(__file__).parents[1] / "support" / "run_saved_model.py"
    subprocess.run(
        [
            os.environ["SCALE_VAE_TENSORFLOW_2_20"],
            script,
            path,
            tmp_path / "inputs",
            tmp_path / "outputs",
        ],
        check=True,
        capture_output=True,
    )
    older = read_arrays(tmp_path / "outputs")
    expected = model.generate(6, seed=2, max_length=MAX_WORDS + 1)
    assert older["generate/text"].tolist() == tokenizer.detokenize(expected.ids).numpy().tolist()


def test_a_model_whose_prior_is_not_fitted_is_not_exported(tokenizer):
    with pytest.raises(InputError, match='"full" is not fitted yet'):
        Signatures(model_with("full"), tokenizer, 5)
