"""Two training steps of every system, on one replica and on two; prints the largest differences.

A program of its own: the number of devices is fixed when TensorFlow starts.
"""

import json

import keras
import numpy as np
import tensorflow as tf

from scale_vae_keras import models

ROWS = (13, 5)
SYSTEMS = {
    "vae": (models.TextVAE, {}),
    "scale": (models.ScaleVAE, {}),
    "beta": (models.BetaVAE, {}),
    "free-bits": (models.FreeBitsVAE, {"free_bits": 0.002}),
    "delta": (models.DeltaVAE, {}),
    "sa": (models.SemiAmortizedVAE, {"refinement_steps": 3}),
    "skip": (models.SkipVAE, {}),
    "agg": (models.AggressiveVAE, {}),
    "mae": (models.MutualPosteriorVAE, {}),
    "bn": (models.BatchNormVAE, {}),
    "du": (models.DUVAE, {}),
    "info-mmd": (models.InfoVAE, {}),
    "info-kl": (models.InfoVAE, {"divergence": "kl"}),
    "li2019": (models.PretrainedVAE, {"free_bits": 0.002}),
    "lstm-lm": (models.LanguageModel, {}),
    "cnn": (models.TextVAE, {"decoder": "cnn", "pooling": "mean"}),
}


def sentences(rows, seed):
    random = np.random.default_rng(seed)
    ids = random.integers(4, 12, (rows, 6)).astype(np.int32)
    ids[:, 0] = 1
    for row, end in enumerate(random.integers(2, 6, rows)):
        ids[row, end], ids[row, end + 1 :] = 2, 0
    return ids


def train(system, strategy, parts):
    """Weights of every replica after two steps on consecutive slices of the same batches."""
    model_class, arguments = SYSTEMS[system]
    if model_class is not models.LanguageModel:
        arguments = {"latent_dim": 2, **arguments}
    with strategy.scope():
        keras.utils.set_random_seed(3)
        model = model_class(
            12,
            embedding_dim=5,
            units=6,
            dropout=0.0,
            decoder_initializer_range=0.5,
            **arguments,
        )
        model.build((None, None))
        model.compile(keras.optimizers.SGD(0.5, global_clipnorm=0.5))
        model.optimizer.build(model.trainable_variables)

    def step(ids):
        if system == "agg":
            model.encoder_step(ids)
        model.train_step(ids)

    run = tf.function(lambda ids: strategy.run(step, (ids,)))
    for seed in range(2):
        slices = np.split(sentences(sum(ROWS), seed), np.cumsum(parts)[:-1])
        run(
            strategy.experimental_distribute_values_from_function(
                lambda context, slices=slices: tf.constant(slices[context.replica_id_in_sync_group])
            )
        )
    return [
        [np.array(value) for value in strategy.experimental_local_results(weight.value)]
        for weight in model.weights
        if "seed" not in weight.path
    ]


def difference(system, mirrored):
    one = train(system, tf.distribute.get_strategy(), [sum(ROWS)])
    two = train(system, mirrored, ROWS)
    return max(
        float(np.max(np.abs(value - expected)))
        for (expected,), values in zip(one, two, strict=True)
        for value in values
    )


if __name__ == "__main__":
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    # one strategy for all: the collectives of two of them get in each other's way
    mirrored = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    print(json.dumps({system: difference(system, mirrored) for system in SYSTEMS}))
