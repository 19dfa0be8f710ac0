"""Times ScaleVAE's training step against the PyTorch reference, in turn in one process.

    TF_ENABLE_ONEDNN_OPTS=1 python benchmarks/training_step.py --shape short

Every round runs the reference, ScaleVAE's step as a tf.function, and ScaleVAE under `fit`, each
for the same number of steps on the same full batch. The figures are medians over the rounds; a
ratio is formed within each round, and is below 1 where ScaleVAE is faster.
"""

import argparse
import time
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
import torch
from pytorch_vae import MAX_NORM, PyTorchVAE

from scale_vae_keras.models.scale_vae import ScaleVAE

START, END, FIRST_WORD = 1, 2, 4


class Shape(NamedTuple):
    """Sizes of a batch and of the model that it is trained on."""

    batch: int
    time: int
    embedding_dim: int
    units: int
    vocabulary_size: int


SHAPES = {
    "paper": Shape(32, 80, 512, 1024, 20_001),
    "short": Shape(64, 12, 128, 256, 8_000),
}


def random_batch(shape: Shape) -> np.ndarray:
    """Sentences without padding, int32 `[batch, time + 1]`: `time` tokens are predicted."""
    random = np.random.default_rng(0)
    ids = random.integers(FIRST_WORD, shape.vocabulary_size, (shape.batch, shape.time + 1))
    ids[:, 0], ids[:, -1] = START, END
    return ids.astype(np.int32)


def contestants(shape: Shape) -> dict[str, Callable[[int], None]]:
    """Functions that run a number of training steps, the reference first."""
    torch.manual_seed(0)
    keras.utils.set_random_seed(0)
    ids = random_batch(shape)
    sizes = {"embedding_dim": shape.embedding_dim, "units": shape.units}

    reference = PyTorchVAE(shape.vocabulary_size, **sizes)
    torch_ids = torch.tensor(ids, dtype=torch.int64)

    model = ScaleVAE(shape.vocabulary_size, **sizes)
    model.compile(optimizer=keras.optimizers.SGD(1.0, global_clipnorm=MAX_NORM))
    tf_ids = tf.constant(ids)
    model.build(tf_ids.shape)
    train_step = tf.function(model.train_step)
    batches = tf.data.Dataset.from_tensors(tf_ids).repeat()

    def run_reference(steps: int) -> None:
        for _ in range(steps):
            reference.training_step(torch_ids)

    def run_function(steps: int) -> None:
        for _ in range(steps):
            train_step(tf_ids)["loss"].numpy()

    def run_fit(steps: int) -> None:
        model.fit(batches, steps_per_epoch=steps, shuffle=False, verbose=0)

    return {"PyTorch": run_reference, "tf.function": run_function, "fit": run_fit}


def measure(shape: Shape, rounds: int, steps: int) -> dict[str, np.ndarray]:
    """Seconds a step of each contestant in each round."""
    runs = contestants(shape)
    for run in runs.values():
        run(2)
    seconds = {name: np.zeros(rounds) for name in runs}
    for turn in range(rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            run(steps)
            seconds[name][turn] = (time.perf_counter() - start) / steps
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", choices=SHAPES, default="short")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, default=10, help="training steps in each turn")
    arguments = parser.parse_args()

    seconds = measure(SHAPES[arguments.shape], arguments.rounds, arguments.steps)
    for name, values in seconds.items():
        ratio = np.median(values / seconds["PyTorch"])
        print(f"{name:12} {1000 * np.median(values):9.1f} ms a step   ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
