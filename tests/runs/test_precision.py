"""Mixed precision, as a run sets it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.callbacks import EpochAverageScale
from scale_vae_keras.data import build_vocabulary, encode_split, open_corpus, training_batches
from scale_vae_keras.errors import InputError
from scale_vae_keras.runs.build_model import build_model
from scale_vae_keras.runs.config import configure
from scale_vae_keras.text import Tokenizer


@pytest.fixture(scope="module")
def reviews():
    """The size of the vocabulary and the first 1,280 training sentences."""
    corpus = open_corpus("reviews")
    vocabulary = build_vocabulary(corpus, "words")
    return len(vocabulary), encode_split(corpus, "train", Tokenizer(vocabulary)).first(1280)


def trained(precision, reviews):
    """A small model after two epochs, and the loss of each; its steps are too short for chaos."""
    size, train = reviews
    config = configure(
        "reviews",
        "scale",
        "small",
        embedding_dim=16,
        units=24,
        latent_dim=4,
        pooling="last",
        learning_rate=0.05,
        clip_norm=1.0,
        precision=precision,
    )
    model = build_model(config, size)
    history = model.fit(
        training_batches(train, 64, seed=1),
        epochs=2,
        callbacks=[EpochAverageScale(1)],
        shuffle=False,
        verbose=0,
    ).history
    return model, history["loss"]


@pytest.fixture(scope="module")
def exact_losses(reviews):
    return trained("float32", reviews)[1]


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_the_loss_falls_as_in_float32_and_what_must_be_float32_is(
    precision, reviews, exact_losses, tmp_path
):
    model, losses = trained(precision, reviews)
    assert exact_losses[1] < exact_losses[0] - 5
    assert losses[1] < losses[0] - 1
    assert losses[1] == pytest.approx(exact_losses[1], rel=0.004)
    skipped = float(model.skipped_steps)
    if precision == "mixed_float16":
        assert skipped < 8
        assert float(model.optimizer.dynamic_scale) == 2.0 ** (15 - skipped)
    else:
        assert skipped == 0
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.dtype_policy.name == precision
    [ids] = training_batches(reviews[1], 64, seed=1).take(1)
    encoded = loaded.encoder(ids)
    assert encoded.dtype == {"mixed_bfloat16": tf.bfloat16, "mixed_float16": tf.float16}[precision]
    posterior = loaded.posterior(ids)
    factor = loaded.posterior_scale.factor()
    for name, value in {
        "factor": factor,
        "stddev": posterior.stddev,
        "log-likelihood": loaded.decoder(ids, posterior.mean),
        **loaded(ids)._asdict(),
    }.items():
        assert value.dtype == tf.float32, name
        assert np.isfinite(value).all(), name
    np.testing.assert_array_equal(factor, model.posterior_scale.average)
    assert {weight.dtype for weight in loaded.weights} == {"float32", "int64"}


def test_an_unknown_precision():
    with pytest.raises(InputError, match="precision must be one of float32, mixed_bfloat16, mixed"):
        configure("reviews", "scale", "small", precision="float8")
