import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.layers.dropout_seed import DropoutSeed, dropout_seed

SEED = tf.constant([3, 5])


def test_masks_of_a_whole_batch_are_those_of_tensorflow():
    values = tf.random.stateless_normal([6, 4, 3], [1, 2])
    expected = tf.nn.experimental.stateless_dropout(values, 0.4, SEED)
    np.testing.assert_array_equal(DropoutSeed(SEED).dropout(values, 0.4), expected)


@pytest.mark.parametrize(("of", "place"), [("rows", {"rows": 2}), ("tokens", {"tokens": 2})])
@pytest.mark.parametrize("dtype", [tf.float32, tf.float16])
def test_a_slice_has_its_part_of_the_masks(of, place, dtype):
    values = tf.ones([6, 4, 3], dtype)
    whole = DropoutSeed(SEED).dropout(values, 0.4, of)
    part = DropoutSeed(SEED, **place).dropout(values[2:5], 0.4, of)
    np.testing.assert_array_equal(part, whole[2:5])
    assert part.dtype == dtype
    assert 0.2 < np.mean(np.array(whole) == 0) < 0.6


def test_an_empty_slice():
    assert DropoutSeed(SEED, 3, 7).dropout(tf.ones([0, 4]), 0.5).shape == (0, 4)


def test_folding_gives_other_masks_at_the_same_place():
    seed = DropoutSeed(SEED, 2, 3)
    other = seed.folded(1)
    assert (other.rows, other.tokens) == (2, 3)
    assert np.abs(seed.uniform(tf.constant([5, 2])) - other.uniform(tf.constant([5, 2]))).min() > 0


def test_one_replica_begins_the_batch():
    seed = dropout_seed(SEED, tf.constant([[1, 4, 2], [1, 2, 0]]))
    assert (int(seed.rows), int(seed.tokens)) == (0, 0)


@pytest.mark.parametrize("dtype", [tf.bfloat16, tf.float16, tf.float32])
@pytest.mark.parametrize("rate", [0.3, 0.1, 0.005])
def test_half_precision_drops_the_share_that_was_asked_for(dtype, rate):
    dropped = np.array(DropoutSeed(SEED).dropout(tf.ones([1000, 1000], dtype), rate)) == 0
    # Five standard deviations of the share of a million entries.
    assert dropped.mean() == pytest.approx(rate, abs=5 * (rate * (1 - rate)) ** 0.5 / 1000)
