"""Times ScaleVAE's training step against the PyTorch reference, in turn in one process.

    TF_ENABLE_ONEDNN_OPTS=1 python measurements/training_step.py --shape short
    TF_ENABLE_ONEDNN_OPTS=1 python measurements/training_step.py --shape short --bfloat16

Every round runs large matrix products, the reference, ScaleVAE's step as a tf.function, and
ScaleVAE under `fit`, each on the same full batch. A call of `fit` has a cost of its own, before its
first step and whatever their number: it is told apart by calls of so many steps and of three times
as many. The figures are medians over the rounds; a ratio is formed within each round, and is below
1 where ScaleVAE is faster.

With `--bfloat16` the reference runs under `torch.autocast`, ScaleVAE and the products in bfloat16,
and beside them ScaleVAE and products in float32.
"""

import argparse
import time
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
from scale_vae_keras.models.scale_vae import ScaleVAE

PRODUCTS = 4
LONGER = 3


def contestants(shape: Shape, steps: int, bfloat16: bool) -> dict[str, Callable[[], None]]:
    """Functions that run a number of training steps, the reference first."""
    torch.manual_seed(0)
    ids = random_batch(shape)
    reference = PyTorchVAE(
        shape.vocabulary_size,
        shape.latent_dim,
        shape.embedding_dim,
        shape.units,
        bfloat16=bfloat16,
    )
    torch_ids = torch.tensor(ids, dtype=torch.int64)
    tf_ids = tf.constant(ids)
    model, train_step = new_step(shape, tf_ids, "mixed_bfloat16" if bfloat16 else "float32")
    batches = tf.data.Dataset.from_tensors(tf_ids).repeat()

    def run_reference() -> None:
        for _ in range(steps):
            reference.training_step(torch_ids)

    def steps_of(step: Callable) -> Callable[[], None]:
        def run() -> None:
            for _ in range(steps):
                step(tf_ids)["loss"].numpy()

        return run

    def run_fit(steps=steps) -> None:
        model.fit(batches, steps_per_epoch=steps, shuffle=False, verbose=0)

    def run_long_fit() -> None:
        run_fit(LONGER * steps)

    runs = {
        "PyTorch": run_reference,
        "tf.function": steps_of(train_step),
        "fit": run_fit,
        "long fit": run_long_fit,
    }
    if bfloat16:
        runs["float32"] = steps_of(new_step(shape, tf_ids, "float32")[1])
    return runs


def new_step(shape: Shape, ids: tf.Tensor, precision: str) -> tuple[ScaleVAE, Callable]:
    """A built model, and its training step as a graph."""
    model = new_model(shape, dtype=precision)
    model.build(ids.shape)
    return model, tf.function(model.train_step)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", choices=SHAPES, default="short")
    parser.add_argument("--bfloat16", action="store_true")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, default=10, help="training steps in each turn")
    parser.add_argument("--one-thread", action="store_true", help="processor time of one thread")
    arguments = parser.parse_args()

    clock = time.perf_counter
    if arguments.one_thread:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        torch.set_num_threads(1)
        clock = time.process_time
    shape = SHAPES[arguments.shape]
    runs = contestants(shape, arguments.steps, arguments.bfloat16)
    of_products = {"products": products(PRODUCTS)}
    if arguments.bfloat16:
        of_products["bfloat16 products"] = products(PRODUCTS, dtype="bfloat16")
    seconds = interleaved({**of_products, **runs}, arguments.rounds, clock)
    fastest = list(of_products)[-1]
    rate = PRODUCTS * PRODUCT_WORK / seconds[fastest]
    print(f"large {fastest} {np.median(rate) / 1e9:.0f} GFLOP/s")
    call = seconds["fit"]
    seconds["fit"] = (seconds.pop("long fit") - call) / (LONGER - 1)
    fixed = np.median(call - seconds["fit"])
    print(f"a call of fit takes {1000 * fixed:.0f} ms besides its steps")
    print(f"fit of the bare step: {median_ratio(seconds['fit'], seconds['tf.function']):.3f}")
    if arguments.bfloat16:
        of_exact = median_ratio(seconds["tf.function"], seconds["float32"])
        print(f"of the step in float32: {of_exact:.3f}")
        of_exact = median_ratio(seconds["bfloat16 products"], seconds["products"])
        print(f"large products of theirs in float32: {of_exact:.3f}")
    for name in [name for name in runs if name in seconds]:
        each = seconds[name] / arguments.steps
        ratio = median_ratio(seconds[name], seconds["PyTorch"])
        share = np.median(shape.step_work / each / rate)
        print(
            f"{name:12} {1000 * np.median(each):9.1f} ms a step   ratio {ratio:.2f}   "
            f"of the product rate {share:.2f}"
        )


if __name__ == "__main__":
    main()
