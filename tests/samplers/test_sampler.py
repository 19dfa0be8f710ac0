"""What holds for every strategy, and the loop that they share."""

from functools import partial

import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.samplers import (
    BeamSampler,
    GreedySampler,
    Sampler,
    TemperatureSampler,
    TopKSampler,
    TopPSampler,
)
from scale_vae_keras.samplers.row_random import row_normals, row_uniforms
from scale_vae_keras.samplers.sampler import (
    log_probability,
    rows_to_keep,
    without_repeats,
    writable,
)

SAMPLERS = [
    GreedySampler(),
    TemperatureSampler(),
    TemperatureSampler(5.0),
    TopKSampler(3),
    TopKSampler(50, 2.0),
    TopPSampler(0.7),
    TopPSampler(1.0, 3.0),
    BeamSampler(1),
    BeamSampler(3),
    BeamSampler(20),
    TemperatureSampler(5.0, no_repeat_ngram_size=2),
    BeamSampler(3, no_repeat_ngram_size=1),
]
EVERY = pytest.mark.parametrize("sampler", SAMPLERS, ids=str)


def write(sampler, decoder, z, seeds=None, max_length=6):
    seeds = np.arange(len(z), dtype=np.int64) if seeds is None else np.array(seeds, np.int64)
    return sampler.write(
        decoder, tf.constant(z), row_uniforms(tf.constant(seeds), max_length), max_length
    )


def repeated(z, times):
    return np.repeat(z[:1], times, axis=0)


@EVERY
def test_only_words_then_the_end_then_padding(decoder, z, sampler):
    # padding and the start symbol would be the most probable tokens
    kernel = np.array(decoder.output_kernel)
    kernel[:, [0, 1]] = 3 * kernel[:, [4, 5]]
    decoder.output_kernel.assign(kernel)
    ids = np.array(write(sampler, decoder, np.concatenate([z, z, z])).ids)
    assert ids.shape[1] <= 6
    for row in ids:
        ends = np.flatnonzero(row == 2)
        words = row[: ends[0]] if len(ends) else row
        assert (words > 2).all()
        assert (row[len(words) + 1 :] == 0).all()


@EVERY
@pytest.mark.parametrize("max_length", [1, 4])
def test_max_length_is_kept_and_reached(decoder, z, sampler, max_length):
    kernel = np.array(decoder.output_kernel)
    kernel[:, 2] = -50 * np.sign(np.array(decoder.initial_state(z[:1])[0])[0])
    decoder.output_kernel.assign(kernel)
    ids = write(sampler, decoder, z, max_length=max_length).ids
    assert ids.shape == (6, max_length)


@EVERY
def test_log_probability_is_that_of_the_decoder(decoder, z, sampler):
    sentences = write(sampler, decoder, z)
    started = np.pad(sentences.ids, ((0, 0), (1, 0)), constant_values=1)
    assert sentences.ids.dtype == tf.int32
    np.testing.assert_allclose(sentences.log_probability, decoder(started, z), rtol=1e-4, atol=1e-5)


@EVERY
def test_a_row_does_not_depend_on_its_batch(decoder, z, sampler):
    seeds = [11, 12, 13, 14, 15, 16]
    together = write(sampler, decoder, z, seeds)
    order = [4, 0, 5]
    apart = write(sampler, decoder, z[order], np.array(seeds)[order])
    alone = write(sampler, decoder, z[4:5], seeds[4:5])
    width = max(part.ids.shape[1] for part in (together, apart, alone))

    def padded(part):
        return np.pad(part.ids, ((0, 0), (0, width - part.ids.shape[1])))

    np.testing.assert_array_equal(padded(apart), padded(together)[order])
    np.testing.assert_array_equal(padded(alone), padded(together)[4:5])
    np.testing.assert_allclose(
        apart.log_probability, np.array(together.log_probability)[order], rtol=1e-5
    )


@pytest.mark.parametrize(
    "sampler", [TemperatureSampler(), TopKSampler(3), TopPSampler(0.9)], ids=str
)
def test_seeds_make_sentences(decoder, z, sampler):
    one, again = (np.array(write(sampler, decoder, z, [1] * 6).ids) for _ in range(2))
    np.testing.assert_array_equal(one, again)
    many = np.array(write(sampler, decoder, repeated(z, 40)).ids)
    assert len({tuple(row) for row in many}) > 5


@pytest.mark.parametrize(
    "sampler",
    [
        TemperatureSampler(1e-4),
        TopKSampler(1),
        TopKSampler(3, 1e-4),
        TopPSampler(1e-6),
        TopPSampler(0.9, 1e-4),
        BeamSampler(1),
    ],
    ids=str,
)
def test_limits_that_are_greedy(decoder, z, sampler):
    greedy = write(GreedySampler(), decoder, z)
    limit = write(sampler, decoder, z)
    np.testing.assert_array_equal(limit.ids, greedy.ids)
    np.testing.assert_allclose(limit.log_probability, greedy.log_probability, rtol=1e-5)


def test_greedy_takes_the_most_probable_token_of_each_step(decoder, z):
    ids = np.array(write(GreedySampler(), decoder, z).ids)
    state, context = decoder.initial_state(z), decoder.context(z)
    token = np.full(6, 1, np.int32)
    ended = np.zeros(6, bool)
    for time in range(ids.shape[1]):
        logits, state = decoder.step(tf.constant(token), state, context)
        best = np.argmax(np.array(logits)[:, 2:], axis=1) + 2
        token = np.where(ended, 0, best).astype(np.int32)
        np.testing.assert_array_equal(ids[:, time], token)
        ended |= token == 2


def test_samples_follow_the_model(decoder, z):
    """Shares of first tokens against the decoder's probabilities, all mass on words and end."""
    count = 4000
    uniforms = tf.constant((np.arange(count)[:, None] + 0.5) / count, tf.float32)
    sentences = TemperatureSampler(2.0).write(decoder, tf.repeat(z[:1], count, axis=0), uniforms, 1)
    start = tf.constant([1])
    logits, _ = decoder.step(start, decoder.initial_state(z[:1]), decoder.context(z[:1]))
    weights = np.exp(np.float64(logits)[0, 2:] / 2)
    share = np.bincount(sentences.ids[:, 0], minlength=7)[2:] / count
    np.testing.assert_allclose(share, weights / weights.sum(), atol=1e-3)


def test_writable_rules_out_two_tokens():
    blocked = np.array(writable(tf.constant([[5.0, 6.0, 1.0, -2.0, 0.5]])))
    np.testing.assert_array_equal(blocked[:, 2:], [[1.0, -2.0, 0.5]])
    np.testing.assert_array_equal(np.array(tf.nn.softmax(blocked))[:, :2], [[0, 0]])


@pytest.mark.parametrize("scale", [1.0, 40.0, 1e4])
def test_log_probability_of_any_token_at_any_range(scale):
    logits = scale * np.random.default_rng(3).normal(0, 1, (50, 9)).astype(np.float32)
    chosen = np.arange(50, dtype=np.int32) % 7 + 2
    wide = np.float64(logits)
    top = wide.max(axis=1, keepdims=True)
    log_total = top[:, 0] + np.log(np.exp(wide - top).sum(axis=1))
    expected = wide[np.arange(50), chosen] - log_total
    assert (expected < -100).any() == (scale > 1)
    actual = log_probability(tf.constant(logits), writable(tf.constant(logits)), chosen)
    np.testing.assert_allclose(actual, expected, rtol=2e-6, atol=2e-6 * scale)


@pytest.mark.parametrize(
    ("ended", "kept"),
    [
        ([0, 1, 0], [0, 2, 1]),
        ([0] * 20, list(range(20))),
        ([1] * 9 + [0] + [1] * 9, [9, 0, 1, 2, 3, 4, 5, 6]),
        ([0, 1] * 9, [0, 2, 4, 6, 8, 10, 12, 14, 16, 1, 3, 5, 7, 9, 11, 13]),
        ([1] * 20, []),
    ],
)
def test_rows_to_keep_in_tiles_of_eight(ended, kept):
    np.testing.assert_array_equal(rows_to_keep(tf.constant(ended) == 1), kept)


@pytest.mark.parametrize("sampler", [GreedySampler(), TemperatureSampler(1.5)], ids=str)
def test_rows_that_leave_the_batch_change_no_other(decoder, sampler):
    """Sixty rows of many lengths at once against eight at a time."""
    z = np.random.default_rng(8).normal(0, 1.5, (60, 2)).astype(np.float32)
    uniforms = row_uniforms(tf.range(60, dtype=tf.int64), 12)
    graph = tf.function(
        lambda z, uniforms: sampler.write(decoder, z, uniforms, 12),
        input_signature=[tf.TensorSpec([None, 2]), tf.TensorSpec([None, 12])],
        autograph=False,
    )
    together = graph(tf.constant(z), uniforms)
    ids = np.array(together.ids)
    assert len(np.unique((ids > 0).sum(axis=1))) > 3
    for first in range(0, 60, 8):
        rows = slice(first, first + 8)
        apart = graph(tf.constant(z[rows]), uniforms[rows])
        width = apart.ids.shape[1]
        np.testing.assert_array_equal(apart.ids, ids[rows, :width])
        assert not ids[rows, width:].any()
        np.testing.assert_allclose(apart.log_probability, together.log_probability[rows], rtol=1e-5)


def test_row_random():
    seeds = tf.constant([3, 4, 3], tf.int64)
    for draw in (row_uniforms, row_normals):
        numbers = np.array(draw(seeds, 50))
        assert numbers.shape == (3, 50)
        assert numbers.dtype == np.float32
        np.testing.assert_array_equal(numbers[0], numbers[2])
        assert not np.intersect1d(numbers[0], numbers[1]).size
        np.testing.assert_array_equal(draw(seeds[1:2], 50), numbers[1:2])
    uniforms = np.array(row_uniforms(tf.range(40, dtype=tf.int64), 50))
    assert uniforms.min() >= 0
    assert uniforms.max() < 1
    assert abs(uniforms.mean() - 0.5) < 0.03
    assert abs(np.corrcoef(uniforms[:, 0], uniforms[:, 1])[0, 1]) < 0.5


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TemperatureSampler(0.0), "temperature"),
        (lambda: TemperatureSampler(-1.0), "temperature"),
        (lambda: TemperatureSampler(float("inf")), "temperature"),
        (lambda: TemperatureSampler(float("nan")), "temperature"),
        (lambda: TopKSampler(0), "top-k"),
        (lambda: TopKSampler(2, 0.0), "temperature"),
        (lambda: TopPSampler(0.0), "top-p"),
        (
            lambda: TopKSampler(3_000_000_000),
            "top-k must be a whole number from 1 to 2,147,483,647",
        ),
        (lambda: TopPSampler(1.1), "top-p"),
        (lambda: TopPSampler(float("nan")), "top-p"),
        (lambda: TopPSampler(0.5, -1.0), "temperature"),
        (lambda: BeamSampler(0), "beam"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_samplers_compare_by_value():
    assert TopPSampler(0.5) == TopPSampler(0.5)
    assert len({TopKSampler(2), TopKSampler(2), TopKSampler(3)}) == 2


def repeats(ids, size):
    """How often a sequence of `size` tokens occurs again in a sentence, over all sentences."""
    count = 0
    for row in np.array(ids).tolist():
        words = row[: row.index(2)] if 2 in row else row
        grams = [tuple(words[i : i + size]) for i in range(len(words) - size + 1)]
        count += len(grams) - len(set(grams))
    return count


@pytest.mark.parametrize("size", [1, 2, 3])
def test_only_what_would_repeat_a_sequence_is_ruled_out(size):
    ids = np.random.default_rng(size).integers(3, 6, (40, 7))
    logits = np.random.default_rng(0).normal(size=(40, 8)).astype(np.float32)
    found = np.array(without_repeats(tf.constant(logits), tf.constant(ids, tf.int32), size))
    for row, before, after in zip(ids.tolist(), logits, found, strict=True):
        seen = {tuple(row[i : i + size]) for i in range(len(row) - size + 1)}
        for token in range(8):
            repeated_now = (*row[len(row) - size + 1 :], token) in seen
            assert (
                (after[token] == tf.float32.min / 2)
                if repeated_now
                else after[token] == before[token]
            )


@pytest.mark.parametrize(("kind", "size"), [(GreedySampler, 2), (TopPSampler, 1), (BeamSampler, 2)])
def test_a_bound_on_repetition_holds_in_an_exported_graph(decoder, z, kind, size, tmp_path):
    kernel = np.array(decoder.output_kernel)
    kernel[:, 2] = -50 * np.sign(np.array(decoder.initial_state(z[:1])[0])[0])
    decoder.output_kernel.assign(kernel)
    bounded = kind(no_repeat_ngram_size=size)
    limit = 3 if size == 1 else 8
    assert repeats(write(kind(), decoder, z, max_length=limit).ids, size) > 0
    module = tf.Module()
    module.weights = [weight.value for weight in decoder.weights]
    module.write = tf.function(
        lambda z: bounded.write(
            decoder, z, row_uniforms(tf.range(6, dtype=tf.int64), limit), limit
        )._asdict(),
        input_signature=[tf.TensorSpec([6, 2])],
    )
    tf.saved_model.save(module, tmp_path)
    loaded = tf.saved_model.load(tmp_path)
    exported = loaded.write(tf.constant(z))
    assert repeats(exported["ids"], size) == 0
    np.testing.assert_array_equal(exported["ids"], write(bounded, decoder, z, max_length=limit).ids)


def test_a_negative_size_is_refused():
    with pytest.raises(InputError, match="no_repeat_ngram_size must be at least 0, got -1"):
        TopKSampler(3, no_repeat_ngram_size=-1)
    with pytest.raises(InputError, match=r"no_repeat_ngram_size must be a whole number, got 2\.5"):
        TopKSampler(3, no_repeat_ngram_size=2.5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TemperatureSampler(0), "got 0; top-k 1 takes the most likely token"),
        (lambda: TemperatureSampler(-1), "temperature must be positive and finite, got -1$"),
    ],
)
def test_unfit_temperatures_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


@pytest.mark.parametrize("kind", [TemperatureSampler, partial(TopPSampler, 0.9)])
def test_extreme_temperatures_are_greedy_or_uniform_among_what_is_allowed(kind):
    ruled_out = tf.float32.min
    logits = tf.constant([[ruled_out, ruled_out, 40.0, 39.0, -20.0]] * 50)
    uniform = (tf.range(50, dtype=tf.float32) + 0.5) / 50
    for temperature in (1e-37, 1e-7):
        drawn = kind(temperature=temperature).next_token(logits, uniform)
        assert set(np.array(drawn)) == {2}
    for temperature in (1e7, 1e38):
        drawn = kind(temperature=temperature).next_token(logits, uniform)
        assert set(np.array(drawn)) == {2, 3, 4}


class Best(Sampler):
    """As `tf.argmax` gives it: int64."""

    def next_token(self, logits, uniform):
        return tf.argmax(logits, axis=-1)


def test_tokens_of_a_sampler_may_be_of_any_integer_type(decoder, z):
    uniforms = tf.zeros([len(z), 5])
    found, expected = (
        sampler.write(decoder, tf.constant(z), uniforms, 5).ids
        for sampler in (Best(), GreedySampler())
    )
    np.testing.assert_array_equal(found, expected)
