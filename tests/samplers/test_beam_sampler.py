import itertools

import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.samplers import BeamSampler, GreedySampler

WORDS = (3, 4, 5, 6)


def everything(length):
    """All that can be written in `length` tokens, padded: ended sentences and cut ones."""
    ended = [
        [*words, 2] + [0] * (length - 1 - count)
        for count in range(length)
        for words in itertools.product(WORDS, repeat=count)
    ]
    return np.array(ended + list(itertools.product(WORDS, repeat=length)), np.int32)


def write(width, decoder, z, max_length):
    return BeamSampler(width).write(decoder, tf.constant(z), tf.zeros([len(z), 1]), max_length)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_beam_of_full_width_finds_the_most_probable_sentence(decoder, z, length):
    candidates = everything(length)
    started = np.pad(candidates, ((0, 0), (1, 0)), constant_values=1)
    found = write(len(candidates), decoder, z, length)
    ids = np.pad(found.ids, ((0, 0), (0, length - found.ids.shape[1])))
    best_ones = set()
    for row, place in enumerate(z):
        values = np.array(decoder(started, np.tile(place, (len(candidates), 1))))
        best = np.argmax(values)
        best_ones.add(best)
        np.testing.assert_array_equal(ids[row], candidates[best])
        np.testing.assert_allclose(found.log_probability[row], values[best], rtol=1e-5)
    assert len(best_ones) > 1


def test_a_wider_beam_beats_greedy(decoder):
    z = np.random.default_rng(6).normal(0, 2, (60, 2)).astype(np.float32)
    greedy = GreedySampler().write(decoder, tf.constant(z), tf.zeros([60, 4]), 4)
    beam = write(200, decoder, z, 4)
    gain = np.array(beam.log_probability) - np.array(greedy.log_probability)
    assert gain.min() > -1e-4
    assert gain.max() > 0.1


def test_the_end_is_found_before_the_limit(decoder, z):
    kernel = np.array(decoder.output_kernel)
    kernel[:, 2] = 50 * np.sign(np.array(decoder.initial_state(z[:1])[0])[0])
    decoder.output_kernel.assign(kernel)
    ids = np.array(write(2, decoder, z[:1], 5).ids)
    assert ids[0, 0] == 2
    assert not ids[0, 1:].any()


@pytest.mark.parametrize("width", [0, 2.5, "4"])
def test_a_width_is_a_whole_number(width):
    with pytest.raises(InputError, match="beam width must be a whole number from 1 to"):
        BeamSampler(width)
    assert BeamSampler(np.int64(3)) == BeamSampler(3)
