"""Which forces move the spread of the posterior means, and where the factor runs away.

Trains Scale-VAE with several settings and records after each epoch, beside f-bar and the state of
the latent code, the first-order change a step of the mean over dimensions of log Std[mu] that the
KL and the reconstruction cause (minus the learning rate times the product of two gradients). Writes
a CSV file and a picture; settings that the CSV already holds are not trained again.

    python measurements/factor_dynamics.py --output docs/data/factor_dynamics
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

import scale_vae_keras as sv
from scale_vae_keras.runs.build_model import build_model
from scale_vae_keras.runs.config import configure
from scale_vae_keras.runs.presets import PUBLISHED
from scale_vae_keras.tables import read_csv, write_csv

BASE = {
    "embedding_dim": 64,
    "units": 128,
    "epochs": 10,
    "learning_rate": 0.5,
    "f_epo": 4,
    "kl_epochs": 4,
    "decay_start": 7,
}
SETTINGS = {
    "stable": {},
    "rate 1, f_epo 1, KL ramp 1": {"learning_rate": 1.0, "f_epo": 1, "kl_epochs": 1},
    "rate 1, f_epo 1": {"learning_rate": 1.0, "f_epo": 1},
    "f_epo 1, KL ramp 1": {"f_epo": 1, "kl_epochs": 1},
    "f_epo 1, KL ramp 1, pooled": {"f_epo": 1, "kl_epochs": 1, "average": "pooled"},
    "stop-gradient": {"through_batch_factor": False},
    "batches paired anew": {"resplit": True},
    "no decay": {"decay_start": 100},
    "f_epo 1, KL ramp 1, median": {"f_epo": 1, "kl_epochs": 1, "average": "median"},
    "decoder range 0.01": {"decoder_initializer_range": 0.01},
    "rate 1": {"learning_rate": 1.0},
    "rate 1, no decay": {"learning_rate": 1.0, "decay_start": 100},
    "f_epo 1": {"f_epo": 1},
}


class Forces(keras.callbacks.Callback):
    """Adds what moves log Std[mu] to the logs, over some training batches."""

    def __init__(self, batches, count=8):
        super().__init__()
        self.batches = [ids for ids in batches.take(count)]

    def on_train_begin(self, logs=None):
        """Makes the graph that measures."""
        self.measure = tf.function(self._measure, reduce_retracing=True)

    def _measure(self, ids):
        model, scale = self.model, self.model.posterior_scale
        weights = [variable.value for variable in model.encoder.trainable_variables]
        weights += [variable.value for variable in model.gaussian_posterior.trainable_variables]
        with tf.GradientTape(persistent=True) as tape:
            posterior = model.posterior(ids)
            variance, _ = scale.batch_variance(posterior.mean)
            spread = tf.reduce_mean(0.5 * tf.math.log(variance))
            own = scale.des_std * tf.math.rsqrt(variance)
            factor = tf.where(scale.in_effect > 0.5, scale.factor(), own)
            noise = tf.random.stateless_normal(tf.shape(posterior.mean), [1, 2])
            z = factor * posterior.mean + posterior.stddev * noise
            size = tf.cast(tf.shape(ids)[0], tf.float32)
            reconstruction = -model.decoder(ids, z, training=True, seed=tf.constant([3, 4]))
            reconstruction = tf.reduce_sum(reconstruction) / size
            kl = model.kl_weight * tf.reduce_sum(model.rate(posterior)) / size

        def force(loss):
            pairs = zip(
                tape.gradient(spread, weights, unconnected_gradients="zero"),
                tape.gradient(loss, weights, unconnected_gradients="zero"),
                strict=True,
            )
            return -tf.add_n(
                [tf.reduce_sum(tf.convert_to_tensor(a) * tf.convert_to_tensor(b)) for a, b in pairs]
            )

        return spread, force(kl), force(reconstruction)

    def on_epoch_end(self, epoch, logs=None):
        """Measures and logs."""
        spread, kl, reconstruction = np.mean([self.measure(ids) for ids in self.batches], axis=0)
        rate = float(self.model.optimizer.learning_rate)
        logs["std_mu"] = float(np.exp(spread))
        logs["std_scaled"] = float(np.exp(spread) * np.mean(self.model.posterior_scale.average))
        logs["kl_force"] = rate * float(kl)
        logs["reconstruction_force"] = rate * float(reconstruction)
        logs["in_force"] = float(self.model.posterior_scale.in_effect)


def train(data, sentences, name, overrides):
    config = configure(data, "scale", "small", **{**PUBLISHED, **BASE, **overrides})
    corpus = sv.data.open_corpus(data)
    vocabulary = sv.data.build_vocabulary(corpus, "words")
    tokenizer = sv.Tokenizer(vocabulary)
    training, valid = (
        sv.data.encode_split(corpus, split, tokenizer).first(size)
        for split, size in (("train", sentences), ("valid", 2000))
    )
    model = build_model(config, len(vocabulary))
    validation, _ = sv.data.evaluation_batches(valid, config.batch_size)
    batches = sv.data.training_batches(
        training, config.batch_size, config.seed, resplit=config.resplit
    )
    rows = []
    record = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: rows.append(
            {"setting": name, "epoch": epoch + 1, "sentences": training.sentences, **logs}
        )
    )
    model.fit(
        batches,
        validation_data=validation,
        epochs=config.epochs,
        shuffle=False,
        verbose=2,
        callbacks=[
            sv.callbacks.EpochAverageScale(config.f_epo),
            sv.callbacks.LinearKLAnnealing(config.kl_start, config.kl_epochs),
            sv.callbacks.LatentMonitor(validation),
            sv.callbacks.HalvingSchedule(config.learning_rate, config.decay_start),
            Forces(batches),
            record,
        ],
    )
    return rows


def draw(rows, path):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    panels = {"factor_mean": "mean f-bar", "mi": "mutual information (nats)"}
    figure, axes = pyplot.subplots(1, 2, figsize=(13, 5), layout="constrained")
    for number, (name, mine) in enumerate(rows.groupby("setting", sort=False)):
        style = "-" if number < 10 else "--"
        for axis, key in zip(axes, panels, strict=True):
            axis.plot(
                mine["epoch"],
                mine[key].to_numpy(float),
                style,
                label=name,
                color=f"C{number % 10}",
            )
    axes[0].set_yscale("log")
    for axis, title in zip(axes, panels.values(), strict=True):
        axis.set(xlabel="epoch", title=title)
        axis.grid(alpha=0.3)
    axes[1].legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(path, dpi=110)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="reviews")
    parser.add_argument("--sentences", type=int, default=20_000)
    parser.add_argument("--output", type=Path, default=Path("factor_dynamics"))
    parser.add_argument("--settings", nargs="*", default=list(SETTINGS), choices=SETTINGS)
    options = parser.parse_args()
    table = options.output.with_suffix(".csv")
    table.parent.mkdir(parents=True, exist_ok=True)
    rows = read_csv(table) if table.exists() else pd.DataFrame({"setting": []})
    for name in options.settings:
        if name not in set(rows["setting"]):
            print(name, flush=True)
            trained = train(options.data, options.sentences, name, SETTINGS[name])
            rows = pd.concat([rows, pd.DataFrame(trained)])
            write_csv(table, rows)
    draw(read_csv(table), options.output.with_suffix(".png"))


if __name__ == "__main__":
    main()
