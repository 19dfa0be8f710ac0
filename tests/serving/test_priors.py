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
from running_server import running_server
from served_models import FACTOR, MAX_WORDS, served_model
from tensor_files import read_arrays, write_arrays

from scale_vae_keras.errors import InputError
from scale_vae_keras.priors import LearnedMixturePrior, VampPrior
from scale_vae_keras.samplers.row_random import row_seeds
from scale_vae_keras.samplers.serialization import DEFAULT_SAMPLER
from scale_vae_keras.serving import Client
from scale_vae_keras.serving.development.served_model import ServedModel
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
    model = served_model(prior=prior)
    if model.prior.learned:
        draw_weights(model.prior.weights, stddev=1.0, seed=5)
    return model


@pytest.fixture(scope="module")
def prior_models():
    return {kind: model_with(made(kind)) for kind in PRIORS}


@pytest.fixture(scope="module")
def exported(prior_models, tokenizer, tmp_path_factory):
    """A served model's folder: a SavedModel with `generate` and `score` of every prior."""
    archive = keras.export.ExportArchive()
    archive.track(tokenizer)
    for kind, model in prior_models.items():
        specifications = Signatures(model, tokenizer, MAX_WORDS + 1).specifications()
        for name in ("generate", "score"):
            archive.add_endpoint(f"{name}-{kind}", *specifications[name])
    directory = tmp_path_factory.mktemp("priors")
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    archive.write_out(str(directory / "1"), options, verbose=False)
    return directory


@pytest.fixture(scope="module")
def served(exported):
    return ServedModel("priors", exported)


@pytest.fixture
def ask(served):
    """What a signature gives, asked without a server."""
    return lambda signature, **inputs: served.find().predict(signature, inputs, (), 60)


@pytest.fixture(scope="module")
def clients(served):
    """Clients of a server, over gRPC and REST."""
    with (
        running_server(served) as server,
        Client(f"127.0.0.1:{server.grpc_port}", "priors") as by_grpc,
        Client(f"http://127.0.0.1:{server.rest_port}", "priors") as by_rest,
    ):
        yield by_grpc, by_rest


def in_python(model, tokenizer, sampler):
    ids = model.generate(6, 2, sampler, MAX_WORDS + 1).ids
    return [text.decode() for text in tokenizer.detokenize(ids).numpy()]


@pytest.mark.parametrize("kind", PRIORS)
@pytest.mark.parametrize(("top_p", "sampler"), [(1.0, "temperature"), (0.9, DEFAULT_SAMPLER)])
def test_a_server_writes_the_sentences_of_python(
    clients, prior_models, tokenizer, kind, top_p, sampler
):
    expected = in_python(prior_models[kind], tokenizer, sampler)
    assert len(set(expected)) > 3
    for client in clients:
        answer = client.request(f"generate-{kind}", seed=SEEDS, top_p=[top_p] * 6)
        assert answer["text"] == expected


@pytest.mark.parametrize("kind", PRIORS)
def test_generate_draws_the_codes_of_python(ask, prior_models, kind):
    ones = np.ones(6, np.float32)
    answer = ask(f"generate-{kind}", seed=np.array(SEEDS), temperature=ones, top_p=ones)
    expected = prior_models[kind].prior.sample(SEEDS)
    np.testing.assert_allclose(answer["z"], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", PRIORS)
def test_score_is_the_bound_under_the_prior(ask, prior_models, tokenizer, kind):
    model = prior_models[kind]
    text, repeats = "word0 word1 word2", 64
    texts = np.array([text] * repeats, object)
    answer = ask(f"score-{kind}", text=texts, seed=np.arange(repeats))
    np.testing.assert_allclose(answer["elbo"], -answer["reconstruction"] - answer["kl"], rtol=1e-5)
    mean, log_var = model.encode(tokenizer.to_ids(tokenizer.split([text])).to_tensor())
    if model.prior.closed_form:
        np.testing.assert_allclose(answer["kl"], [model.prior.kl(mean, log_var)[0]] * 64, rtol=1e-4)
        return
    noise = np.random.default_rng(0).standard_normal((20_000, mean.shape[1]))
    z = mean + np.exp(0.5 * log_var) * noise
    rates = model.prior.rate(*(np.broadcast_to(part, z.shape) for part in (mean, log_var)), z)
    kl = answer["kl"]
    error = kl.std(ddof=1) / np.sqrt(repeats) + 1e-4
    assert abs(kl.mean() - np.mean(rates)) < 4 * error


@pytest.mark.older_tensorflow
@pytest.mark.skipif(
    "SCALE_VAE_TENSORFLOW_2_20" not in os.environ,
    reason="set SCALE_VAE_TENSORFLOW_2_20 to a Python with TensorFlow and Text 2.20.0",
)
def test_an_older_tensorflow_writes_the_same_sentences(exported, prior_models, tokenizer, tmp_path):
    numbers = {"seed": SEEDS, "temperature": np.ones(6), "top_p": np.full(6, 0.9)}
    inputs = {
        f"generate-{kind}/{name}": np.asarray(value, np.int64 if name == "seed" else np.float32)
        for kind in PRIORS
        for name, value in numbers.items()
    }
    write_arrays(tmp_path / "inputs", inputs)
    script = Path(__file__).parents[1] / "support" / "run_saved_model.py"
    subprocess.run(
        [
            os.environ["SCALE_VAE_TENSORFLOW_2_20"],
            script,
            exported / "1",
            tmp_path / "inputs",
            tmp_path / "outputs",
        ],
        check=True,
        capture_output=True,
    )
    older = read_arrays(tmp_path / "outputs")
    for kind, model in prior_models.items():
        written = [text.decode() for text in older[f"generate-{kind}/text"]]
        assert written == in_python(model, tokenizer, DEFAULT_SAMPLER)


def test_a_model_whose_prior_is_not_fitted_is_not_exported(tokenizer):
    with pytest.raises(InputError, match='"full" is not fitted yet'):
        Signatures(model_with("full"), tokenizer, 5)
