"""Times the Transformer pair against the same model in PyTorch, in turn in one process.

    TF_ENABLE_ONEDNN_OPTS=1 python measurements/transformer.py --shape short

Encoder and decoder have 4 blocks of 4 heads, 256 wide. A training step is that of a `tf.function`;
its ratio is formed within each round, and is below 1 where the package is faster. Generation is
greedy, with a cache in both, once with all rows of one length and once with rows that end at
lengths of their own; its ratio is above 1 where the package is faster. `--lengths` times both over
sentences of these lengths instead; `--one-thread` takes processor time, for a busy machine.
"""

import argparse
import time
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf
import torch
from ending_decoder import EndingDecoder
from pytorch_transformer import PyTorchTransformer

from scale_vae_keras.benchmarks.speed.shapes import Shape, new_model, random_batch
from scale_vae_keras.benchmarks.speed.timing import interleaved, median_ratio
from scale_vae_keras.parts.transformer_decoder import TransformerDecoder
from scale_vae_keras.samplers import GreedySampler

SHAPES = {
    "short": Shape(64, 12, 128, 256, 8_000),
    "long": Shape(32, 80, 128, 256, 20_001),
}
PAIR = {"encoder": "transformer", "decoder": "transformer", "pooling": "mean"}


def step_runs(shape: Shape, steps: int) -> dict[str, Any]:
    """Functions that run a number of training steps, the reference first."""
    torch.manual_seed(0)
    ids = random_batch(shape)
    reference = PyTorchTransformer(*shape[4:], *shape[2:4])
    torch_ids = torch.tensor(ids, dtype=torch.int64)
    model = new_model(shape, **PAIR)
    model.optimizer.learning_rate.assign(0.1)
    tf_ids = tf.constant(ids)
    model.ensure_built()
    train_step = tf.function(model.train_step)

    def run_reference() -> None:
        for _ in range(steps):
            reference.training_step(torch_ids)

    def run_package() -> None:
        for _ in range(steps):
            train_step(tf_ids)["loss"].numpy()

    return {"PyTorch": run_reference, "package": run_package}


def generation_runs(shape: Shape, rows: int, ends: np.ndarray) -> dict[str, Any]:
    """Functions that write sentences of given lengths, the reference first."""
    z = np.random.default_rng(0).standard_normal((rows, shape.latent_dim), np.float32)
    reference = PyTorchTransformer(*shape[4:], *shape[2:4])
    decoder, steps = EndingDecoder(TransformerDecoder, shape), int(ends.max())
    write = tf.function(
        lambda z, uniforms: GreedySampler().write(decoder, z, uniforms, steps),
        input_signature=[tf.TensorSpec([None, None], tf.float32)] * 2,
    ).get_concrete_function()
    ending = tf.constant(np.concatenate([ends[:, None], z], axis=1, dtype=np.float32))
    uniforms = tf.zeros([rows, steps])

    def run_package() -> None:
        np.testing.assert_array_equal(np.count_nonzero(write(ending, uniforms).ids, axis=1), ends)

    lengths = torch.tensor(ends, dtype=torch.int64)
    return {
        "PyTorch": partial(reference.generate, torch.tensor(z), lengths),
        "package": run_package,
    }


def use_one_thread() -> None:
    torch.set_num_threads(1)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def report(
    name: str, runs: dict[str, Any], timing: tuple[int, Any], units: int, faster: bool
) -> None:
    """Prints milliseconds a unit of both and the ratio, of times or of speeds."""
    seconds = interleaved(runs, *timing)
    theirs, ours = seconds["PyTorch"], seconds["package"]
    ratio = median_ratio(theirs, ours) if faster else median_ratio(ours, theirs)
    each = (1000 * np.median(part) / units for part in (theirs, ours))
    line = "{:28} PyTorch {:8.2f} ms   package {:8.2f}   ratio {:.2f}"
    print(line.format(name, *each, ratio), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", choices=SHAPES, default="short")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=5, help="training steps in each turn")
    parser.add_argument("--rows", type=int, default=250, help="sentences that are generated")
    parser.add_argument("--lengths", type=int, nargs="*", help="instead of the shape's length")
    parser.add_argument("--one-thread", action="store_true", help="processor time on one thread")
    arguments = parser.parse_args()
    if arguments.one_thread:
        use_one_thread()
    timing = arguments.rounds, time.process_time if arguments.one_thread else time.perf_counter

    shape = SHAPES[arguments.shape]
    for length in arguments.lengths or [shape.time]:
        own, rows = shape._replace(time=length), arguments.rows
        report(
            f"step, {length} tokens",
            step_runs(own, arguments.steps),
            timing,
            arguments.steps,
            faster=False,
        )
        random = np.random.default_rng(0)
        ends = {
            "one length": np.full(rows, length),
            "own lengths": random.normal(0.6 * length, 0.2 * length, rows).round().clip(2, length),
        }
        for name, each in ends.items():
            runs = generation_runs(own, rows, each)
            report(f"greedy, {length} tokens, {name}", runs, timing, 1, faster=True)


if __name__ == "__main__":
    main()
