"""Speed of training, generation and importance weighting on the machine at hand."""

import os
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from scale_vae_keras import __version__
from scale_vae_keras.benchmarks.speed.peak_memory import peak_memory
from scale_vae_keras.benchmarks.speed.shapes import (
    PRODUCT_WORK,
    SHAPES,
    Shape,
    as_split,
    importance_work,
    new_model,
    products,
    random_batch,
    waited_step,
)
from scale_vae_keras.benchmarks.speed.timing import interleaved, median_ratio
from scale_vae_keras.data.batches import epoch_batches, training_batches
from scale_vae_keras.data.corpus import open_corpus
from scale_vae_keras.data.encoded import build_vocabulary, encode_split
from scale_vae_keras.evaluation.density import evaluate_density
from scale_vae_keras.evaluation.encode import encode_sentences
from scale_vae_keras.evaluation.prior import declared_prior
from scale_vae_keras.layers.lstm import LSTM
from scale_vae_keras.samplers import GreedySampler, TemperatureSampler
from scale_vae_keras.settings import whole_number
from scale_vae_keras.tables import FittedTable
from scale_vae_keras.text.tokenizer import Tokenizer

SWEEPS = {
    "vocabulary": ("vocabulary_size", (5_000, 10_000, 20_000, 50_000)),
    "length": ("time", (10, 25, 50, 100, 200)),
    "batch": ("batch", (16, 32, 64, 128)),
    "latent": ("latent_dim", (8, 32, 128, 512)),
}
_STEPS = 3
_PRODUCTS = 4
_BATCHES = 40
_MOST_WORDS = 200
_GENERATED = 250
_WEIGHTED = 30
_WEIGHTED_TOKENS = 12
_SAMPLES = 100


class Figure(NamedTuple):
    """One measured number."""

    measure: str
    value: float
    unit: str


class KerasLSTM(keras.layers.Layer):
    """`keras.layers.LSTM` where the models call their own `LSTM`, which it is compared with.

    Args:
        units: size of the hidden and of the cell state.
        return_sequences: whether to return the hidden states of all steps rather than the last.
    """

    def __init__(self, units: int, return_sequences: bool):
        super().__init__()
        self.return_sequences = return_sequences
        self.lstm = keras.layers.LSTM(units, return_sequences=True, unit_forget_bias=False)

    def build(self, inputs_shape, context_shape=None):
        """Creates the weights; shapes as for `LSTM`."""
        context_dim = context_shape[-1] if context_shape else 0
        self.lstm.build((*inputs_shape[:-1], inputs_shape[-1] + context_dim))

    def call(self, inputs, initial_state=None, context=None, lengths=None):
        """Hidden states; arguments as for `LSTM`."""
        if context is not None:
            repeated = tf.repeat(context[:, tf.newaxis], tf.shape(inputs)[1], axis=1)
            inputs = tf.concat([inputs, repeated], axis=2)
        hidden = self.lstm(inputs, initial_state=initial_state)
        return hidden if self.return_sequences else tf.gather(hidden, lengths - 1, batch_dims=1)


def benchmark_speed(
    shape: str, data: str | None, rounds: int, sweeps: Sequence[str], command: str
) -> pd.DataFrame:
    """Measures Scale-VAE with random weights on random sentences.

    All that is compared takes turns; a figure is the median over the rounds.

    Args:
        shape: name of the sizes, one of `SHAPES`.
        data: folder or name of a corpus, for training over its lengths; None for no corpus.
        rounds: how often each is timed.
        sweeps: names of sizes to vary, of `SWEEPS`.
        command: what the user typed, for the table.

    Returns:
        One row per figure: measure, value, unit, and where it was measured.

    Raises:
        InputError: `rounds` is below 1, or the corpus is invalid.
    """
    rounds = whole_number("rounds", rounds, 1)
    sizes = SHAPES[shape]
    figures = [] if data is None else list(_corpus(sizes, data))
    figures += [*_training(sizes, rounds), *_writing(sizes, rounds), *_memory(shape)]
    for name in sweeps:
        field, values = SWEEPS[name]
        for value in values:
            figures += _one_size(sizes._replace(**{field: value}), f"{name} {value:,}", rounds)
    machine = {"shape": shape, "processors": os.cpu_count(), "version": __version__}
    table = pd.DataFrame(figures).astype({"value": float})
    return table.assign(**machine, command=command)


def _corpus(sizes: Shape, data: str) -> Iterator[Figure]:
    corpus = open_corpus(data)
    vocabulary = build_vocabulary(corpus, "words")
    tokenizer = Tokenizer(vocabulary, "words", _MOST_WORDS)
    start = time.perf_counter()
    split = encode_split(corpus, "train", tokenizer)
    yield Figure("reading text", len(split.tokens) / (time.perf_counter() - start), "tokens/s")
    order, starts = epoch_batches(split.lengths, sizes.batch, seed=0, epoch=0, resplit=False)
    longest = np.maximum.reduceat(split.lengths[order], starts[:-1])
    padded = np.sum(longest * np.diff(starts))
    yield Figure("corpus, padding of an epoch", 100 * (1 - len(split.tokens) / padded), "%")

    step = waited_step(new_model(sizes._replace(vocabulary_size=len(vocabulary))))
    batches = training_batches(split, sizes.batch, seed=0).take(_BATCHES)
    for ids in batches.take(_STEPS):
        step(ids)
    iterator, tokens, waited = iter(batches), 0, 0.0
    start = time.perf_counter()
    while True:
        asked = time.perf_counter()
        ids = next(iterator, None)
        waited += time.perf_counter() - asked
        if ids is None:
            break
        step(ids)
        tokens += np.count_nonzero(ids) - len(ids)
    seconds = time.perf_counter() - start
    yield Figure("corpus, training", tokens / seconds, "tokens/s")
    yield Figure("corpus, waiting for input", 100 * waited / seconds, "%")


def _training(sizes: Shape, rounds: int) -> Iterator[Figure]:
    model, other = new_model(sizes), new_model(sizes)
    for layer in (other.encoder, other.decoder):
        own: LSTM = layer.lstm
        del layer.lstm
        layer.lstm = KerasLSTM(own.units, own.return_sequences)
    runs = {name: _steps(each, sizes) for name, each in (("own", model), ("keras", other))}
    seconds = interleaved({"products": products(_PRODUCTS), **runs}, rounds)
    rate = _PRODUCTS * PRODUCT_WORK / seconds["products"]
    yield Figure("large products", np.median(rate) / 1e9, "GFLOP/s")
    yield from _step_figures("training step", sizes, seconds["own"], rate)
    relative = median_ratio(seconds["own"], seconds["keras"])
    yield Figure("training step, time of keras.layers.LSTM's", 100 * relative, "%")


def _one_size(sizes: Shape, name: str, rounds: int) -> Iterator[Figure]:
    runs = {"products": products(_PRODUCTS), "own": _steps(new_model(sizes), sizes)}
    seconds = interleaved(runs, rounds)
    rate = _PRODUCTS * PRODUCT_WORK / seconds["products"]
    yield from _step_figures(f"training step, {name}", sizes, seconds["own"], rate)


def _steps(model, sizes):
    step, ids = waited_step(model), tf.constant(random_batch(sizes))

    def run():
        for _ in range(_STEPS):
            step(ids)

    return run


def _step_figures(name, sizes, seconds, rate):
    each = np.median(seconds) / _STEPS
    yield Figure(name, 1000 * each, "ms")
    yield Figure(name, sizes.tokens / each, "tokens/s")
    share = np.median(_STEPS * sizes.step_work / seconds / rate)
    yield Figure(f"{name}, of the product rate", 100 * share, "%")


def _writing(sizes: Shape, rounds: int) -> Iterator[Figure]:
    model = new_model(sizes)
    model.build((None, None))
    z = tf.random.stateless_normal([_GENERATED, sizes.latent_dim], [0, 0])
    seeds = tf.range(_GENERATED, dtype=tf.int64)
    weighted = sizes._replace(batch=_WEIGHTED, time=_WEIGHTED_TOKENS)
    split = as_split(list(random_batch(weighted)))
    encoded, prior = encode_sentences(model, split), declared_prior(model, "standard")
    tokens = {}

    def generate(name, sampler):
        written = model.decode(z, sampler, seeds, max_length=sizes.time).ids
        tokens[name] = np.count_nonzero(written)

    seconds = interleaved(
        {
            "products": products(_PRODUCTS),
            "greedy": lambda: generate("greedy", GreedySampler()),
            "sampling": lambda: generate("sampling", TemperatureSampler()),
            "weighting": lambda: evaluate_density(model, split, encoded, prior, _SAMPLES),
        },
        rounds,
    )
    for name, count in tokens.items():
        rate = count / np.median(seconds[name])
        yield Figure(f"generation, {name}, batch {_GENERATED}", rate, "tokens/s")
    name = f"importance weighting, {_WEIGHTED_TOKENS} tokens, {_SAMPLES} samples"
    yield Figure(name, 1000 * np.median(seconds["weighting"]) / _WEIGHTED, "ms per sentence")
    useful = importance_work(sizes, split, _SAMPLES) / seconds["weighting"]
    share = np.median(useful * seconds["products"]) / (_PRODUCTS * PRODUCT_WORK)
    yield Figure(f"{name}, of the product rate", 100 * share, "%")


def _memory(shape: str) -> Iterator[Figure]:
    peak = peak_memory("-m", "scale_vae_keras.benchmarks.speed.peak_memory", shape)
    yield Figure("peak memory, training steps", peak.trained, "MiB")
    yield Figure("peak memory, libraries alone", peak.imported, "MiB")


def speed_table(rows: pd.DataFrame) -> FittedTable:
    """The figures, one per line.

    Args:
        rows: as `benchmark_speed` returns them.
    """
    first = rows.iloc[0]
    shown = [
        [measure, f"{value:,.0f}" if value >= 100 else f"{value:.1f}", unit]
        for measure, value, unit in rows[["measure", "value", "unit"]].itertuples(index=False)
    ]
    title = f"shape {first['shape']}, {first['processors']} processors"
    return FittedTable(["measure", "value", "unit"], shown, title=title)
