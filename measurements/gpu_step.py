"""Times a training step under `fit` on a GPU, or on the processor where there is none.

    python measurements/gpu_step.py transformer:float32 short:float32 paper:float32

Every argument names a shape and a precision. Models have random weights and the batch is always the
same. A call of `fit` has a cost of its own: it is told apart by calls of 60 steps and of 180.
`--deterministic` has TensorFlow take kernels that add in a fixed order.
"""

import argparse
import time

import keras
import tensorflow as tf

from scale_vae_keras.benchmarks.speed.shapes import SHAPES, Shape, new_model, random_batch

TRANSFORMER = {"encoder": "transformer", "decoder": "transformer", "pooling": "max"}
MODELS = {
    "short": (SHAPES["short"], {}),
    "paper": (SHAPES["paper"], {}),
    "transformer": (Shape(64, 24, 128, 176, 10_000), TRANSFORMER),
}
STEPS = 60


def step_seconds(name: str, precision: str) -> float:
    """Seconds of one step."""
    shape, parts = MODELS[name]
    model = new_model(shape, dtype=precision, **parts)
    batches = tf.data.Dataset.from_tensors(tf.constant(random_batch(shape))).repeat()

    def seconds(steps: int) -> float:
        start = time.perf_counter()
        model.fit(batches, steps_per_epoch=steps, shuffle=False, verbose=0)
        return time.perf_counter() - start

    seconds(5)
    few, many = seconds(STEPS), seconds(3 * STEPS)
    return (many - few) / (2 * STEPS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", metavar="SHAPE:PRECISION", help=", ".join(MODELS))
    parser.add_argument("--deterministic", action="store_true")
    arguments = parser.parse_args()
    if arguments.deterministic:
        keras.utils.set_random_seed(0)
        tf.config.experimental.enable_op_determinism()
    for each in arguments.models:
        name, _, precision = each.partition(":")
        print(f"{each:30} {1000 * step_seconds(name, precision):7.2f} ms a step", flush=True)


if __name__ == "__main__":
    main()
