"""The figures on tiny sizes; how fast they are is no matter here."""

import sys

import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.benchmarks.speed import benchmark as speed_benchmark
from scale_vae_keras.benchmarks.speed.peak_memory import PeakMemory, peak_memory
from scale_vae_keras.benchmarks.speed.shapes import (
    SHAPES,
    Shape,
    as_split,
    importance_work,
    random_batch,
)
from scale_vae_keras.data import build_vocabulary, encode_split, open_corpus
from scale_vae_keras.data.batches import training_batches
from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.lstm import LSTM
from scale_vae_keras.text.tokenizer import Tokenizer

# Sentences of one to nine words.
CORPUS = {"lines": [" ".join("abcdefghi"[: 1 + number % 9]) for number in range(300)]}
TINY = Shape(batch=8, time=4, embedding_dim=3, units=5, vocabulary_size=20, latent_dim=2)


@pytest.fixture(scope="module")
def figures(corpus):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(speed_benchmark.SHAPES, "short", TINY)
        patch.setitem(speed_benchmark.SWEEPS, "latent", ("latent_dim", (1_000,)))
        patch.setattr(speed_benchmark, "_BATCHES", 4)
        patch.setattr(speed_benchmark, "_PRODUCTS", 1)
        patch.setattr(speed_benchmark, "peak_memory", lambda *_: PeakMemory(2.0, 3.0))
        return speed_benchmark.benchmark_speed("short", str(corpus), 1, ["latent"], "the command")


def test_every_part_is_measured(figures):
    measures = list(zip(figures["measure"], figures["unit"], strict=True))
    assert len(measures) == len(set(measures)) == 18
    assert {measure.split(",")[0] for measure, _ in measures} == {
        *("reading text", "corpus", "large products", "training step", "generation"),
        *("importance weighting", "peak memory"),
    }
    assert ("training step, latent 1,000", "tokens/s") in measures
    assert np.isfinite(figures["value"]).all()
    assert (figures["value"] > 0).all()
    assert set(figures["shape"]) == {"short"}
    assert set(figures["command"]) == {"the command"}


def test_tokens_and_milliseconds_of_a_step_agree(figures):
    step = figures[figures["measure"] == "training step"].set_index("unit")["value"]
    assert step["tokens/s"] * step["ms"] / 1000 == pytest.approx(TINY.tokens)


def test_padding_is_that_of_the_batches(figures, corpus):
    source = open_corpus(str(corpus))
    tokenizer = Tokenizer(build_vocabulary(source, "words"), "words", 200)
    split = encode_split(source, "train", tokenizer)
    sizes = np.array(
        [
            (tf.size(ids), tf.math.count_nonzero(ids))
            for ids in training_batches(split, TINY.batch, seed=0)
        ]
    )
    total, real = sizes.sum(axis=0)
    assert 0 < real < total
    [padding] = figures["value"][figures["measure"].str.contains("padding")]
    assert padding == pytest.approx(100 * (1 - real / total))


def test_table_has_a_line_for_each_figure(figures):
    assert speed_benchmark.speed_table(figures).row_count == len(figures)


def test_rounds_must_be_positive():
    with pytest.raises(InputError, match="rounds must be at least 1, got 0"):
        speed_benchmark.benchmark_speed("short", None, 0, [], "")


def test_work_of_a_training_step():
    # multiplications of the forward pass: encoder 2 * 4 * 336, decoder 6 * (336 + 77)
    assert Shape(2, 3, 5, 7, 11).step_work == 3 * 2 * (2 * 4 * 336 + 6 * (336 + 77))
    assert SHAPES["paper"].step_work == pytest.approx(509e9, rel=0.01)


def test_work_of_importance_weighting():
    split = as_split([np.array([1, 5, 2]), np.array([1, 2])])
    # three tokens, ten samples, each 7 * (11 + 28) multiplications
    assert importance_work(Shape(2, 3, 5, 7, 11), split, 10) == 2 * 3 * 10 * 7 * 39


def test_random_batch_has_no_special_token_inside():
    ids = random_batch(TINY)
    assert ids.shape == (8, 5)
    assert set(ids[:, 0]) == {1}
    assert set(ids[:, -1]) == {2}
    assert ids[:, 1:-1].min() > 3


@pytest.mark.parametrize("return_sequences", [False, True])
@pytest.mark.parametrize("with_context", [False, True])
def test_the_comparison_computes_the_same(return_sequences, with_context):
    random = np.random.default_rng(0)
    inputs, context = (random.normal(size=size).astype(np.float32) for size in ((3, 4, 2), (3, 6)))
    own = LSTM(5, return_sequences=return_sequences)
    other = speed_benchmark.KerasLSTM(5, return_sequences)
    for layer in (own, other):
        layer.build(inputs.shape, context.shape if with_context else None)
    other.set_weights(own.get_weights())
    state = tuple(random.normal(size=(2, 3, 5)).astype(np.float32))
    options = {"context": tf.constant(context)} if with_context else {}
    expected, actual = (
        layer(tf.constant(inputs), initial_state=state, lengths=tf.constant([1, 4, 2]), **options)
        for layer in (own, other)
    )
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_peak_memory_is_that_of_the_process_alone():
    held = np.ones(2**26)  # 512 MiB of this process
    script = (
        "import json; from scale_vae_keras.benchmarks.speed.peak_memory import resident_peak;"
        "before = resident_peak(); kept = bytes(100 * 2**20); del kept;"
        "print('noise'); print(json.dumps([before, resident_peak()]))"
    )
    peak = peak_memory("-c", script)
    assert peak.imported < held.nbytes / 2**20 / 2
    assert peak.trained - peak.imported < 120
    script = script.replace("bytes(100 * 2**20)", "b'x' * (100 * 2**20)")
    peak = peak_memory("-c", script)
    assert 90 < peak.trained - peak.imported < 120
