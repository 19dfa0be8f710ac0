"""Times generation against PyTorch's batched loop, in turn in one process.

    TF_ENABLE_ONEDNN_OPTS=1 python measurements/generation.py --shape short

Every round decodes the same 250 latent codes greedily and by sampling, with PyTorch and with the
package's samplers: once with all rows of one length, once with rows that end at lengths of their
own. Both stop when all rows have ended. A ratio is formed within each round, and is above 1 where
the package is faster. The package also returns each sentence's log-probability.
"""

import argparse
from functools import partial

import numpy as np
import tensorflow as tf
import torch
from ending_decoder import EndingDecoder
from pytorch_vae import PyTorchVAE

from scale_vae_keras.benchmarks.speed.shapes import SHAPES
from scale_vae_keras.benchmarks.speed.timing import interleaved, median_ratio
from scale_vae_keras.layers.decoder import LSTMDecoder
from scale_vae_keras.samplers import GreedySampler, Sampler, TemperatureSampler

BATCH = 250


def writer(decoder: EndingDecoder, sampler: Sampler):
    """The sampler's loop as a graph of z, uniform numbers and the largest length."""
    return tf.function(
        lambda z, uniforms, steps: sampler.write(decoder, z, uniforms, steps),
        input_signature=(
            tf.TensorSpec([None, None], tf.float32),
            tf.TensorSpec([None, None], tf.float32),
            tf.TensorSpec([], tf.int32),
        ),
    ).get_concrete_function()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", choices=SHAPES, default="short")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=16, help="largest length")
    arguments = parser.parse_args()

    shape, steps = SHAPES[arguments.shape], arguments.steps
    random = np.random.default_rng(0)
    z = random.standard_normal((BATCH, shape.latent_dim), np.float32)
    lengths = {
        "one length": np.full(BATCH, steps),
        "own lengths": random.normal(0.6 * steps, 0.2 * steps, BATCH).round().clip(2, steps),
    }
    torch.manual_seed(0)
    reference = PyTorchVAE(
        shape.vocabulary_size, shape.latent_dim, shape.embedding_dim, shape.units
    )
    decoder = EndingDecoder(LSTMDecoder, shape)
    writers = {
        "greedy": writer(decoder, GreedySampler()),
        "sampling": writer(decoder, TemperatureSampler()),
    }

    def run_pytorch(ends, strategy):
        ends = torch.tensor(ends, dtype=torch.int64)
        reference.generate(torch.tensor(z), ends, strategy == "sampling")

    def run_package(ends, strategy):
        ending_z = np.concatenate([ends[:, None], z], axis=1, dtype=np.float32)
        uniforms = tf.random.stateless_uniform([BATCH, steps], [0, 0])
        written = writers[strategy](tf.constant(ending_z), uniforms, tf.constant(steps))
        np.testing.assert_array_equal(np.count_nonzero(written.ids, axis=1), ends)

    cases = [(strategy, name) for strategy in writers for name in lengths]
    runs = {}
    for strategy, name in cases:
        for who, run in (("PyTorch", run_pytorch), ("package", run_package)):
            runs[who, strategy, name] = partial(run, lengths[name], strategy)
    seconds = interleaved(runs, arguments.rounds)
    for strategy, name in cases:
        theirs, ours = (seconds[who, strategy, name] for who in ("PyTorch", "package"))
        tokens = lengths[name].sum()
        print(
            f"{strategy:9} {name:12} PyTorch {tokens / np.median(theirs):9,.0f} tokens/s   "
            f"package {tokens / np.median(ours):9,.0f}   ratio {median_ratio(theirs, ours):.2f}"
        )


if __name__ == "__main__":
    main()
