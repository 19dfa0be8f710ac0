"""Trains systems with their callbacks on one replica and on several; prints how far they differ.

A program of its own: the number of devices is fixed when TensorFlow starts. Arguments: the number
of replicas, and each system with its epochs, as in `2*vae+cnn+clipnorm`: options follow the system.
"""

import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from scale_vae_keras.callbacks import BestModel, DecayOnPlateau, FitPrior, LatentMonitor
from scale_vae_keras.data.batches import evaluation_batches, training_batches
from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.models import ScaleVAE, TextVAE
from scale_vae_keras.priors import LearnedMixturePrior, VampPrior, get_prior
from scale_vae_keras.runs.build_model import build_model
from scale_vae_keras.runs.config import configure, published_settings
from scale_vae_keras.runs.workers import open_strategy

VOCABULARY = 12
BATCH = 16
SETTINGS = {
    "batch_size": BATCH,
    "embedding_dim": 5,
    "units": 6,
    "dropout": 0.0,
    "decoder_initializer_range": 0.5,
    "learning_rate": 0.1,
}
LATENT = {"latent_dim": 2}
OWN = {
    "cyclical": {"kl_cycles": 1},
    "free-bits": {"free_bits": 0.002},
    "li2019": {"free_bits": 0.002, "pretrain_epochs": 1},
    "sa": {"refinement_steps": 2},
}
OPTIONS = {
    "adam": {"optimizer": "adam", "learning_rate": 0.01},
    "cnn": {"decoder": "cnn", "pooling": "mean"},
    "condition": {"condition": "label", "condition_encoder": True},
    "dropout": {"dropout": 0.5},
    "few-labels": {"condition": "label", "semi_supervised": True},
    "fraternal": {"fraternal": 0.1},
    "kl": {"divergence": "kl"},
    "mmd": {"divergence": "mmd"},
    "transformer": {
        "encoder": "transformer",
        "decoder": "transformer",
        "units": 8,
        "depth": 1,
        "heads": 2,
        "layer_dropout": 0.2,
        "embedding_noise": 0.1,
        "optimizer": "sgd",
    },
    "word-dropout": {"word_dropout": 0.2},
}
PRIORS = {
    "fitted-prior": "full",
    "learned-prior": LearnedMixturePrior(3),
    "vamp-prior": VampPrior(3, length=2),
}
CLIPPED = {
    "clipnorm": {"clipnorm": 0.01},
    "clipvalue": {"clipvalue": 0.001},
}
OTHERS = {*PRIORS, *CLIPPED, "weighted"}


def split(sentences, seed):
    """Sentences of 1 to 4 words."""
    random = np.random.default_rng(seed)
    words = [random.integers(4, VOCABULARY, count) for count in random.integers(1, 5, sentences)]
    rows = [np.concatenate([[1], row, [2]]).astype(np.int32) for row in words]
    offsets = np.cumsum([0] + [len(row) for row in rows])
    return EncodedSplit(np.concatenate(rows), offsets, None, 0, 0)


def with_numbers(sentences, unlabelled):
    """Labels by the first word, every third one hidden where training may lack them."""
    numbers = (sentences.tokens[sentences.offsets[:-1] + 1] % 2).astype(np.int32)
    if unlabelled:
        numbers[::3] = -1
    return replace(sentences, label_numbers=numbers)


def weights_of(ids):
    """0, 1 or 2 for each sentence, by its first word."""
    return tf.cast(ids[:, 1] % 3, tf.float32)


def train(system, strategy, sentences, epochs):
    """The model after some epochs, and the losses of each."""
    method, *options = system.split("+")
    latent = {} if method == "lm" else {**LATENT, **published_settings(method), "tokenizer": None}
    settings = {"method": method, **SETTINGS, **latent, **OWN.get(method, {})}
    for option in options:
        settings |= {} if option in OTHERS else OPTIONS[option]
    config = configure("reviews", preset="base", **settings)
    train, valid = split(sentences, 0), split(9, 1)
    labels = ("even", "odd") if config.condition == "label" else ()
    if labels:
        few = getattr(config, "semi_supervised", False)
        train, valid = (with_numbers(each, few) for each in (train, valid))
    validation, _ = evaluation_batches(valid, BATCH)
    with strategy.scope():
        model = build_model(config, VOCABULARY, labels)
        kind, optimizer = type(model.optimizer), model.optimizer.get_config()
        for option in PRIORS.keys() & options:
            prior = keras.saving.serialize_keras_object(get_prior(PRIORS[option]))
            keras.utils.set_random_seed(3)
            model = type(model).from_config({**model.get_config(), "prior": prior})
            model.build((None, None))
            model.compile(kind.from_config(optimizer))
        for option in CLIPPED.keys() & options:
            clipped = kind.from_config({**optimizer, "global_clipnorm": None, **CLIPPED[option]})
            model.compile(clipped, steps_per_execution=2)
    with tempfile.TemporaryDirectory() as folder:
        best = BestModel(Path(folder) / "model.keras")
        monitor = [LatentMonitor(validation)] if isinstance(model, TextVAE) else []
        batches = training_batches(train, BATCH, seed=1)
        if "weighted" in options:
            batches = batches.map(lambda ids: (ids, None, weights_of(ids)))
        history = model.fit(
            batches,
            validation_data=validation,
            epochs=epochs,
            shuffle=False,
            verbose=0,
            callbacks=[
                *config.system.callbacks(config, train, valid),
                *([FitPrior(train)] if "fitted-prior" in options else []),
                *monitor,
                best,
                DecayOnPlateau(best, start_epoch=1, patience=1),
            ],
        ).history
    return model, history


def distance(actual, expected):
    """Largest difference, relative to the largest entry."""
    return float(np.max(np.abs(actual - expected)) / max(np.max(np.abs(expected)), 1e-9))


def differences(system, several, epochs):
    # The last batch of an epoch leaves one replica empty.
    sentences = 2 * BATCH + several.num_replicas_in_sync - 1
    expected, losses = train(system, tf.distribute.get_strategy(), sentences, epochs)
    actual, own_losses = train(system, several, sentences, epochs)
    of_weights = {
        weight.path: max(
            distance(local.numpy(), known.numpy())
            for local in several.experimental_local_results(weight.value)
        )
        for weight, known in zip(actual.weights, expected.weights, strict=True)
        if "gradient_norm" not in weight.path
    }
    found = {
        "weights": max(of_weights.values()),
        "worst": max(of_weights, key=of_weights.get),
        "losses": max(
            distance(np.array(own_losses[name]), np.array(losses[name]))
            for name in ("loss", "val_loss")
        ),
    }
    if isinstance(actual, ScaleVAE):
        average, known = (each.posterior_scale.average.numpy() for each in (actual, expected))
        found["factor"] = float(np.max(np.abs(average / known - 1)))
    return found


if __name__ == "__main__":
    count, *runs = sys.argv[1:]
    several = open_strategy(int(count))
    # To optimise graphs of so few steps takes longer than they do; that is left to other tests.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    for epochs, system in (run.split("*") for run in runs):
        print(json.dumps({system: differences(system, several, int(epochs))}), flush=True)
