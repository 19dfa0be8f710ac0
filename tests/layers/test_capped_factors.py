"""`capped` counts the factors at the cap of those batches alone that are recorded."""

import numpy as np
import tensorflow as tf

from scale_vae_keras.layers.posterior_scale import PosteriorScale

CONSTANT = np.ones((8, 3), np.float32)
"""Means without any variance: every factor is at the cap."""


def test_a_batch_that_is_too_small_or_not_finite_is_not_counted():
    layer = PosteriorScale(des_std=0.7, min_factor_batch=4)
    layer.build((None, 3))
    layer(tf.constant(CONSTANT[:3]), training=True)
    broken = CONSTANT.copy()
    broken[0, 1] = np.nan
    layer(tf.constant(broken), training=True)
    assert (float(layer.capped), float(layer.record_count), float(layer.unrecorded)) == (0, 0, 2)
    layer(tf.constant(CONSTANT), training=True)
    assert (float(layer.capped), float(layer.record_count), float(layer.unrecorded)) == (3, 1, 2)
