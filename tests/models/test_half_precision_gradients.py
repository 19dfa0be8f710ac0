"""Sums over many tokens stay exact in half precision: gradients of what all of them share."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from made_models import PARTS_BY_NAME

from scale_vae_keras.models import TextVAE

FEW_TOKENS = np.random.default_rng(0).integers(4, 7, (64, 32)).astype(np.int32)
FEW_TOKENS[:, 0], FEW_TOKENS[:, -1] = 1, 2


def gradients(policy, encoder, decoder):
    keras.utils.set_random_seed(1)
    model = TextVAE(
        8,
        4,
        embedding_dim=8,
        units=8,
        dropout=0.0,
        encoder=encoder,
        decoder=decoder,
        dtype=policy,
    )
    model.build((None, None))
    z = tf.random.stateless_normal([64, 4], [0, 0])
    with tf.GradientTape() as tape:
        posterior = model.encode(FEW_TOKENS)
        loss = tf.reduce_sum(posterior.mean) - tf.reduce_sum(model.decoder(FEW_TOKENS, z))
    values = [variable.value for variable in model.trainable_variables]
    found = tape.gradient(loss, values)
    names = [variable.path.partition("/")[2] for variable in model.trainable_variables]
    arrays = (np.array(tf.convert_to_tensor(each)) for each in found)
    return dict(zip(names, arrays, strict=True))


@pytest.mark.parametrize(
    ("policy", "tolerance"), [("mixed_bfloat16", 0.05), ("mixed_float16", 0.01)]
)
@pytest.mark.parametrize("pair", PARTS_BY_NAME, ids="-".join)
def test_gradients_are_near_those_of_float32(policy, tolerance, pair):
    expected = gradients("float32", *pair)
    for name, found in gradients(policy, *pair).items():
        error = np.linalg.norm(found - expected[name]) / np.linalg.norm(expected[name])
        assert error < tolerance, (name, error)
