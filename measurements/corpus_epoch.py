"""Times training over a corpus's real lengths against PyTorch, in turn in one process.

    TF_ENABLE_ONEDNN_OPTS=1 python measurements/corpus_epoch.py --corpus DIR --shape paper

PyTorch trains on random batches that are padded to their longest sentence, and on batches of equal
length as the public baselines make them (sentences of one length cut into batches, so that many are
not full); the package on its own batches. Of each epoch the same number of batches is timed, spread
evenly over the batches in order of size. Time is given for each token that is predicted.
"""

import argparse
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import tensorflow as tf
import torch
from pytorch_vae import PyTorchVAE

from scale_vae_keras.benchmarks.speed.shapes import SHAPES, new_model, waited_step
from scale_vae_keras.benchmarks.speed.timing import interleaved
from scale_vae_keras.data import build_vocabulary, encode_split, open_corpus
from scale_vae_keras.data.batches import epoch_batches
from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.text.tokenizer import Tokenizer

MOST_TOKENS = 20_001
MOST_WORDS = 200
WARM_UP = 3


def padded(split: EncodedSplit, members: np.ndarray) -> np.ndarray:
    """The ids of some sentences, int32 `[batch, time]`, right padded with 0."""
    ids = np.zeros((len(members), split.lengths[members].max()), np.int32)
    for row, member in zip(ids, members, strict=True):
        sentence = split.tokens[split.offsets[member] : split.offsets[member + 1]]
        row[: len(sentence)] = sentence
    return ids


def cut(members: np.ndarray, size: int) -> list[np.ndarray]:
    return np.split(members, range(size, len(members), size))


def equal_length_batches(lengths: np.ndarray, size: int) -> Iterator[np.ndarray]:
    for length in np.unique(lengths):
        yield from cut(np.flatnonzero(lengths == length), size)


def spread(batches: list[np.ndarray], lengths: np.ndarray, count: int) -> list[np.ndarray]:
    """Batches at evenly spaced ranks of size, padding counted."""
    sizes = [len(batch) * lengths[batch].max() for batch in batches]
    ranks = (np.arange(count) + 0.5) * len(batches) / count
    return [batches[i] for i in np.argsort(sizes, kind="stable")[ranks.astype(int)]]


def _next_step(step: Callable, queue: Iterator) -> None:
    step(next(queue))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", required=True, help="folder of a corpus")
    parser.add_argument("--shape", choices=SHAPES, default="paper")
    parser.add_argument("--batches", type=int, default=40)
    arguments = parser.parse_args()

    corpus = open_corpus(arguments.corpus)
    vocabulary = build_vocabulary(corpus, "words", MOST_TOKENS)
    split = encode_split(corpus, "train", Tokenizer(vocabulary, "words", MOST_WORDS))
    shape = SHAPES[arguments.shape]._replace(vocabulary_size=len(vocabulary))
    lengths, count = split.lengths, arguments.batches
    order, starts = epoch_batches(lengths, shape.batch, seed=0, epoch=0, resplit=False)
    epochs = {
        "PyTorch, random": cut(np.random.default_rng(0).permutation(len(lengths)), shape.batch),
        "PyTorch, equal lengths": list(equal_length_batches(lengths, shape.batch)),
        "package": np.split(order, starts[1:-1]),
    }

    torch.manual_seed(0)
    reference = PyTorchVAE(
        shape.vocabulary_size, shape.latent_dim, shape.embedding_dim, shape.units
    )
    own = waited_step(new_model(shape))

    def pytorch_step(ids):
        reference.training_step(torch.tensor(ids, dtype=torch.int64))

    def package_step(ids):
        own(tf.constant(ids))

    runs, tokens = {}, {}
    for name, batches in epochs.items():
        sample = [padded(split, members) for members in spread(batches, lengths, count)]
        step = package_step if name == "package" else pytorch_step
        for ids in sample[:WARM_UP]:
            step(ids)
        tokens[name] = sum(np.count_nonzero(ids) - len(ids) for ids in sample)
        queue = iter([sample[0], *sample])
        runs[name] = partial(_next_step, step, queue)
        size = sum(len(members) * lengths[members].max() for members in batches)
        print(f"{name:24} {len(batches):6} batches, {1 - lengths.sum() / size:6.1%} padding")
    seconds = {name: times.sum() for name, times in interleaved(runs, count).items()}
    each = {name: seconds[name] / tokens[name] for name in epochs}
    for name, time in each.items():
        print(
            f"{name:24} {1e6 * time:9.1f} µs a token   package / this {each['package'] / time:.2f}"
        )


if __name__ == "__main__":
    main()
