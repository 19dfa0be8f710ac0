"""No likelihood of the corpus `reviews` is better than its known entropy; an objective may be."""

import math
from typing import NamedTuple

import keras
import numpy as np
import pytest

from scale_vae_keras.built_in.reviews import ReviewGrammar
from scale_vae_keras.data import build_vocabulary, encode_split, open_corpus, training_batches
from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.evaluation.density import evaluate_density
from scale_vae_keras.evaluation.encode import encode_sentences
from scale_vae_keras.evaluation.evaluate import evaluate_model
from scale_vae_keras.evaluation.prior import declared_prior
from scale_vae_keras.evaluation.report import notes
from scale_vae_keras.models import SYSTEMS
from scale_vae_keras.runs.build_model import build_model
from scale_vae_keras.runs.config import configure, published_settings
from scale_vae_keras.text.tokenizer import Tokenizer

SENTENCES = 200
TINY = {"embedding_dim": 16, "units": 32, "dropout": 0.0, "batch_size": 128}
LATENT = {"latent_dim": 4, "kl_epochs": 1}
OWN = {
    "scale": {"f_epo": 1},
    "sa": {"refinement_steps": 1, "batch_size": 64},
    "agg": {"batch_size": 32},
    "li2019": {"pretrain_epochs": 1},
}
STEPS = {"sa": 25, "agg": 30}


class Reviews(NamedTuple):
    """Training and test sentences, and the exact -log p of the latter in nats."""

    vocabulary_size: int
    train: EncodedSplit
    test: EncodedSplit
    surprise: np.ndarray


@pytest.fixture(scope="module")
def reviews():
    corpus = open_corpus("reviews")
    vocabulary = build_vocabulary(corpus, "words")
    train, test = (
        encode_split(corpus, name, Tokenizer(vocabulary, "words")) for name in ("train", "test")
    )
    texts = [line.text for line in corpus.lines("test")][:SENTENCES]
    surprise = -np.array([ReviewGrammar().log_probability(text) for text in texts])
    return Reviews(len(vocabulary), train, test.first(SENTENCES), surprise)


def trained(name, reviews, steps, epochs, rate, **settings):
    latent = {} if name == "lm" else {**LATENT, **published_settings(name), "tokenizer": None}
    config = configure("reviews", name, "small", **{**TINY, **latent, "epochs": epochs, **settings})
    model = build_model(config, reviews.vocabulary_size)
    # The encoder of aggressive training is trained alone, which Adam's memory of gradients forbids.
    optimizer = keras.optimizers.SGD if name == "agg" else keras.optimizers.Adam
    model.compile(optimizer(rate, global_clipnorm=5.0))
    model.fit(
        training_batches(reviews.train, config.batch_size, config.seed).take(steps),
        epochs=config.first_epochs + epochs,
        shuffle=False,
        verbose=0,
        callbacks=config.system.callbacks(config, reviews.train, reviews.test),
    )
    return model


def density(model, reviews):
    encoded = encode_sentences(model, reviews.test)
    prior = declared_prior(model, "scaled")
    return evaluate_density(model, reviews.test, encoded, prior, samples=20)


def better_than_the_entropy(nll, reviews):
    """Whether a mean is below what is known by more than its standard error.

    First against the entropy of the corpus, then, with far less noise, against the exact
    probabilities of the very sentences.
    """
    gaps = nll - ReviewGrammar().entropy(), nll - reviews.surprise
    return [gap.mean() < -gap.std(ddof=1) / math.sqrt(len(gap)) for gap in gaps]


@pytest.mark.parametrize("name", SYSTEMS)
def test_no_likelihood_is_better_than_the_entropy(name, reviews, monkeypatch):
    # Aggressive training: up to three steps of the encoder per step, not a hundred.
    monkeypatch.setattr("scale_vae_keras.callbacks.aggressive_training._MOST_STEPS", 3)
    rate = 1.0 if name == "agg" else 0.04
    model = trained(name, reviews, STEPS.get(name, 40), epochs=2, rate=rate, **OWN.get(name, {}))
    nll = -density(model, reviews).log_likelihood
    uniform = math.log(reviews.vocabulary_size) * (reviews.test.lengths - 1)
    assert nll.mean() < 0.7 * uniform.mean()
    assert better_than_the_entropy(nll, reviews) == [False, False]


def test_an_objective_may_be_better_than_the_entropy_and_the_report_flags_it(reviews):
    """Three times the prior's width in 16 dimensions is a channel of 18 nats that costs nothing."""
    model = trained(
        *("scale", reviews, 150),
        epochs=4,
        rate=0.01,
        latent_dim=16,
        units=64,
        des_std=3.0,
        f_epo=1,
        kl_epochs=0,
    )
    terms = density(model, reviews)
    assert better_than_the_entropy(-terms.objective, reviews) == [True, True]
    assert better_than_the_entropy(-terms.log_likelihood, reviews) == [False, False]
    assert better_than_the_entropy(-terms.elbo, reviews) == [False, False]
    flags = "\n".join(notes(evaluate_model(model, reviews.test, samples=20)))
    assert "objective_nll is NOT a bound" in flags
    assert "objective_nll is below what any prior could reach" in flags
