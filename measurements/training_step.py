"""Times ScaleVAE's training step against the PyTorch reference, in turn in one process.

    TF_ENABLE_ONEDNN_OPTS=1 python measurements/training_step.py --shape short

Every round runs large matrix products, the reference, ScaleVAE's step as a tf.function, and
ScaleVAE under `fit`, each on the same full batch. A call of `fit` has a cost of its own, before its
first step and whatever their number: it is told apart by calls of so many steps and of three times
as many. The figures are medians over the rounds; a ratio is formed within each round, and is below
1 where ScaleVAE is faster.
"""

import argparse
from collections.abc import Callable

import numpy as np
import tensorflow as tf
import torch
from pytorch_vae import PyTorchVAE

from scale_vae_keras.benchmarks.speed.shapes import (
    PRODUCT_WORK,
    SHAPES,
    Shape,
    new_model,
    products,
    random_batch,
)
from scale_vae_keras.benchmarks.speed.timing import interleaved, median_ratio

PRODUCTS = 4
LONGER = 3


def contestants(shape: Shape, steps: int) -> dict[str, Callable[[], None]]:
    """Functions that run a number of training steps, the reference first."""
    torch.manual_seed(0)
    ids = random_batch(shape)
    reference = PyTorchVAE(
        shape.vocabulary_size, shape.latent_dim, shape.embedding_dim, shape.units
    )
    torch_ids = torch.tensor(ids, dtype=torch.int64)
    model = new_model(shape)
    tf_ids = tf.constant(ids)
    model.build(tf_ids.shape)
    train_step = tf.function(model.train_step)
    batches = tf.data.Dataset.from_tensors(tf_ids).repeat()

    def run_reference() -> None:
        for _ in range(steps):
            reference.training_step(torch_ids)

    def run_function() -> None:
        for _ in range(steps):
            train_step(tf_ids)["loss"].numpy()

    def run_fit(steps=steps) -> None:
        model.fit(batches, steps_per_epoch=steps, shuffle=False, verbose=0)

    def run_long_fit() -> None:
        run_fit(LONGER * steps)

    return {
        "PyTorch": run_reference,
        "tf.function": run_function,
        "fit": run_fit,
        "long fit": run_long_fit,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", choices=SHAPES, default="short")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, default=10, help="training steps in each turn")
    arguments = parser.parse_args()

    shape = SHAPES[arguments.shape]
    runs = contestants(shape, arguments.steps)
    seconds = interleaved({"products": products(PRODUCTS), **runs}, arguments.rounds)
    rate = PRODUCTS * PRODUCT_WORK / seconds["products"]
    print(f"large products {np.median(rate) / 1e9:.0f} GFLOP/s")
    call = seconds["fit"]
    seconds["fit"] = (seconds.pop("long fit") - call) / (LONGER - 1)
    fixed = np.median(call - seconds["fit"])
    print(f"a call of fit takes {1000 * fixed:.0f} ms besides its steps")
    print(f"fit of the bare step: {median_ratio(seconds['fit'], seconds['tf.function']):.3f}")
    for name in ("PyTorch", "tf.function", "fit"):
        each = seconds[name] / arguments.steps
        ratio = median_ratio(seconds[name], seconds["PyTorch"])
        share = np.median(shape.step_work / each / rate)
        print(
            f"{name:12} {1000 * np.median(each):9.1f} ms a step   ratio {ratio:.2f}   "
            f"of the product rate {share:.2f}"
        )


if __name__ == "__main__":
    main()
