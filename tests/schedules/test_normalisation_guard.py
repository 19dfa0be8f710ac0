import logging

import keras
import numpy as np
import pytest
import tensorflow as tf

import scale_vae_keras as sv
from scale_vae_keras.schedules.normalisation_guard import NormalisationGuard

IDS = np.array([[1, 4 + i % 5, 2] for i in range(20)], np.int32)


def fit(model, batch, **arguments):
    model.compile(keras.optimizers.SGD(0.1))
    data = tf.data.Dataset.from_tensor_slices(IDS).batch(batch)
    model.fit(data, epochs=2, shuffle=False, verbose=0, **arguments)


@pytest.mark.parametrize(("kind", "batch", "least"), [(sv.BatchNormVAE, 1, 2), (sv.DUVAE, 8, 16)])
def test_batches_that_are_too_small_are_warned_of_once(kind, batch, least, caplog):
    caplog.set_level(logging.WARNING, logger="scale_vae_keras")
    fit(kind(9, latent_dim=2, embedding_dim=3, units=4), batch)
    [message] = caplog.messages
    assert message.startswith("epoch 1: the posterior means were not normalised")
    assert f"fewer than min_batch = {least} sentences" in message


@pytest.mark.parametrize(("kind", "batch"), [(sv.BatchNormVAE, 2), (sv.DUVAE, 16)])
def test_one_batch_that_is_large_enough_will_do(kind, batch, caplog):
    caplog.set_level(logging.WARNING, logger="scale_vae_keras")
    model = kind(9, latent_dim=2, embedding_dim=3, units=4)
    assert not model.mean_norm.has_statistics()
    fit(model, batch)
    assert caplog.messages == []
    assert model.mean_norm.has_statistics()
    [guard] = model.own_callbacks
    assert isinstance(guard, NormalisationGuard)
