import numpy as np
import tensorflow as tf

from scale_vae_keras.layers.decoder import LSTMDecoder
from scale_vae_keras.samplers import TemperatureSampler
from scale_vae_keras.samplers.row_random import row_uniforms
from scale_vae_keras.serving.row_temperature_sampler import RowTemperatureSampler


def test_each_row_keeps_its_temperature_when_others_have_left_the_batch():
    decoder = LSTMDecoder(7, 3, 5, 2, 0.0, 0.01)
    decoder.build((None, None), (None, 2))
    random = np.random.default_rng(4)
    for weight in decoder.weights:
        weight.assign(random.normal(0, 0.9, weight.shape))
    z = tf.constant(random.normal(0, 1.5, (60, 2)), tf.float32)
    uniforms = row_uniforms(tf.range(60, dtype=tf.int64), 12)
    cold = np.arange(60) % 3 == 0
    temperature = tf.constant(np.where(cold, 0.3, 4.0), tf.float32)
    mixed = np.array(RowTemperatureSampler(temperature).write(decoder, z, uniforms, 12).ids)
    lengths = (mixed > 0).sum(axis=1)
    assert len(set(lengths[cold])) > 1
    assert len(set(lengths[~cold])) > 3
    for rows, each in ((cold, 0.3), (~cold, 4.0)):
        uniform = TemperatureSampler(each).write(decoder, z, uniforms, 12).ids[rows]
        np.testing.assert_array_equal(mixed[rows, : uniform.shape[1]], uniform)
