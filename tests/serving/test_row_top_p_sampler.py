import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.layers.decoder import LSTMDecoder
from scale_vae_keras.samplers import TemperatureSampler, TopPSampler
from scale_vae_keras.samplers.row_random import row_uniforms
from scale_vae_keras.serving.row_top_p_sampler import RowTopPSampler


def test_each_row_keeps_its_numbers_when_others_have_left_the_batch():
    decoder = LSTMDecoder(7, 3, 5, 2, 0.0, 0.01)
    decoder.build((None, None), (None, 2))
    random = np.random.default_rng(4)
    for weight in decoder.weights:
        weight.assign(random.normal(0, 0.9, weight.shape))
    z = tf.constant(random.normal(0, 1.5, (60, 2)), tf.float32)
    uniforms = row_uniforms(tf.range(60, dtype=tf.int64), 12)
    samplers = {
        (0.3, 1.0): TemperatureSampler(0.3),
        (4.0, 1.0): TemperatureSampler(4.0),
        (4.0, 0.8): TopPSampler(0.8, 4.0),
        (1.0, 0.6): TopPSampler(0.6),
    }
    numbers = list(samplers)
    temperature, p = np.float32([numbers[row % 4] for row in range(60)]).T
    mixed = np.array(RowTopPSampler(temperature, p).write(decoder, z, uniforms, 12).ids)
    lengths = (mixed > 0).sum(axis=1)
    for place, each in enumerate(numbers):
        rows = np.arange(60) % 4 == place
        assert len(set(lengths[rows])) > 1
        alike = samplers[each].write(decoder, z, uniforms, 12).ids[rows]
        np.testing.assert_array_equal(mixed[rows, : alike.shape[1]], alike)
        others = samplers[numbers[place - 1]].write(decoder, z, uniforms, 12).ids[rows]
        width = min(mixed.shape[1], others.shape[1])
        assert not np.array_equal(mixed[rows, :width], np.array(others)[:, :width])


@pytest.mark.parametrize(
    ("p", "uniform", "token"),
    [(1.0, 0.0, 0), (1.0, 0.6, 1), (1.0, 0.99, 2), (0.7, 0.0, 1), (0.7, 0.99, 2), (0.4, 0.99, 1)],
)
def test_tokens_by_hand(p, uniform, token):
    logits = tf.math.log([[0.2, 0.5, 0.3]])
    sampler = RowTopPSampler(tf.ones([1]), tf.constant([p]))
    assert int(sampler.next_token(logits, tf.constant([uniform]))[0]) == token
