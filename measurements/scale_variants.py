"""Ways to a better likelihood for Scale-VAE that are no settings of it.

All have a pooling encoder, the batch's own factor to the end and the schedule of the results page:

- falling: `des_std` falls from 0.7 to 0.3 over the last four epochs, the objective is the paper's;
- falling, annealed: the same, and the objective moves to the bound of f * z;
- fitted: the objective moves to the bound of a generator whose prior is N(m, diag S), the moments
  of the batch's own aggregated posterior, so that a large factor costs nothing by itself;
- pretrained: the encoder is an autoencoder's at first, as in Li et al. (2019);
- pretrained, fitted: both.

Measures the last epoch's model on test sentences, with two generators. Writes a CSV file and prints
it as a table; a variant and seed that the CSV already holds is not trained again.

    python measurements/scale_variants.py --data DATA/short_yelp \
        --output docs/data/scale_variants.csv
"""

import argparse
import os
import shlex
import sys
from pathlib import Path

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

import scale_vae_keras as sv
from scale_vae_keras.layers.posterior import Posterior, standard_kl
from scale_vae_keras.runs.build_model import build_model
from scale_vae_keras.runs.config import configure
from scale_vae_keras.tables import markdown_table, read_csv, write_csv

VARIANTS = (
    "falling",
    "falling, annealed",
    "fitted",
    "pretrained",
    "pretrained, fitted",
)
DES_STD = (0.7, 0.7, 0.7, 0.7, 0.6, 0.5, 0.4, 0.3)
BOUND_START, BOUND_EPOCHS = 4, 2
PRETRAIN_EPOCHS = 3
GENERATORS = ("scaled", "fitted-full")
MEASURES = ("iw_nll", "iw_nll_se", "elbo_nll", "reconstruction", "mi", "au")


class FallingDesStd(keras.callbacks.Callback):
    """Gives each epoch its own `des_std`."""

    def on_epoch_begin(self, epoch, logs=None):
        """Makes the training step anew, which holds `des_std` as a constant."""
        self.model.posterior_scale.des_std = DES_STD[epoch]
        self.model.make_train_function(force=True)


def charge_fitted_prior(model):
    """Makes the rate of an annealed model move to the KL to N(m, diag S) instead of N(0, f^2)."""

    def rate(charged, training=True):
        mean, variance = charged.factor * charged.mean, tf.exp(charged.log_var)
        centre = tf.reduce_mean(mean, axis=0)
        spread = tf.reduce_mean(tf.square(mean - centre) + variance, axis=0)
        standardised = Posterior(
            (mean - centre) * tf.math.rsqrt(spread), charged.log_var - tf.math.log(spread)
        )
        weight = model.bound_weight
        kl = (1.0 - weight) * standard_kl(charged) + weight * standard_kl(standardised)
        return tf.reduce_sum(kl, axis=-1)

    model.rate = rate


def pretrain(model, config, batches, vocabulary_size):
    """Gives the model the encoder of an autoencoder."""
    autoencoder = build_model(
        configure(config.data, "li2019", "small", prior="standard", **sizes(config)),
        vocabulary_size,
    )
    autoencoder.pretraining.assign(1.0)
    autoencoder.fit(batches, epochs=PRETRAIN_EPOCHS, shuffle=False, verbose=2)
    model.encoder.set_weights(autoencoder.encoder.get_weights())
    model.gaussian_posterior.set_weights(autoencoder.gaussian_posterior.get_weights())


def sizes(config):
    names = ("seed", "embedding_dim", "units", "latent_dim")
    return {name: getattr(config, name) for name in names}


def train(variant, data, sentences, seed):
    """The trained model, and its training sentences."""
    annealed = "annealed" in variant or "fitted" in variant
    config = configure(
        data,
        "scale",
        "small",
        pooling="max",
        prior="scaled",
        seed=seed,
        bound="annealed" if annealed else None,
    )
    corpus = sv.data.open_corpus(data)
    vocabulary = sv.data.build_vocabulary(corpus, "words")
    tokenizer = sv.Tokenizer(vocabulary)
    training, valid, test = (
        sv.data.encode_split(corpus, split, tokenizer) for split in ("train", "valid", "test")
    )
    training = training.first(sentences)
    batches = sv.data.training_batches(training, config.batch_size, config.seed)
    epochs = len(DES_STD)
    model = build_model(config, len(vocabulary))
    callbacks = [
        sv.callbacks.EpochAverageScale(epochs),
        sv.callbacks.LinearKLAnnealing(config.kl_start, 2),
        sv.callbacks.HalvingSchedule(config.learning_rate, 4),
    ]
    if annealed:
        callbacks.append(sv.callbacks.BoundAnnealing(BOUND_START, BOUND_EPOCHS))
    if "falling" in variant:
        callbacks.append(FallingDesStd())
    if "fitted" in variant:
        charge_fitted_prior(model)
    if "pretrained" in variant:
        pretrain(model, config, batches, len(vocabulary))
    keras.utils.set_random_seed(seed)
    model.fit(
        batches,
        validation_data=sv.data.evaluation_batches(valid, config.batch_size)[0],
        epochs=epochs,
        shuffle=False,
        verbose=2,
        callbacks=callbacks,
    )
    return model, training, test, corpus


def measure(variant, options, seed):
    model, training, test, corpus = train(variant, options.data, options.sentences, seed)
    row = {"variant": variant, "seed": seed, "sentences": training.sentences}
    for generator, fitted_on in zip(GENERATORS, (None, training), strict=True):
        metrics = sv.evaluation.evaluate_model(
            model, test.first(options.limit), options.samples, generator, fitted_on=fitted_on
        )
        row |= {f"{name} {generator}": metrics[name] for name in MEASURES}
    return {
        **row,
        "factor": float(np.mean(model.posterior_scale.average)),
        "samples": options.samples,
        "test_sentences": options.limit,
        "version": sv.__version__,
        "corpus_fingerprint": corpus.fingerprint(),
        "command": shlex.join(["python", *sys.argv]),
    }


def markdown(rows):
    """The table of the figures."""
    columns = {
        f"{measure} {generator}": f"`{measure}`, `{generator}`"
        for measure in ("iw_nll", "elbo_nll")
        for generator in GENERATORS
    }
    columns |= {"mi scaled": "`mi`", "au scaled": "`au`", "factor": "mean f-bar"}
    shown = rows[["variant", "seed", *columns]].rename(columns=columns)
    return (
        markdown_table(
            shown.map(lambda cell: f"{cell:.2f}" if isinstance(cell, float) else str(cell))
        )
        + "\n"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--sentences", type=int, default=25_000)
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--limit", type=int, default=2_000, help="of the test sentences")
    parser.add_argument("--variants", nargs="*", default=VARIANTS, choices=VARIANTS)
    parser.add_argument("--seeds", nargs="*", type=int, default=[783435])
    parser.add_argument("--output", type=Path, default=Path("scale_variants.csv"))
    options = parser.parse_args()
    rows = read_csv(options.output) if options.output.exists() else None
    for seed in options.seeds:
        for variant in options.variants:
            if rows is None or not ((rows.variant == variant) & (rows.seed == seed)).any():
                print(f"{variant}, seed {seed}", flush=True)
                row = pd.DataFrame([measure(variant, options, seed)])
                write_csv(options.output, row if rows is None else pd.concat([rows, row]))
                rows = read_csv(options.output)
    print(markdown(rows), end="")


if __name__ == "__main__":
    main()
