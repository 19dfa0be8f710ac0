"""Every decoder and encoder by name trains, writes and is measured under mixed precision."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from made_models import PARTS_BY_NAME

from scale_vae_keras.errors import InputError
from scale_vae_keras.models import LanguageModel, TextVAE
from scale_vae_keras.parts.by_name import DECODERS, ENCODERS

VOCABULARY = 12
SMALL = {"embedding_dim": 4, "units": 8, "depth": 1, "heads": 2}
STILL = {"dropout": 0.0, "layer_dropout": 0.0}
POLICIES = {"mixed_float16": tf.float16, "mixed_bfloat16": tf.bfloat16}


def made(encoder, decoder, policy):
    keras.utils.set_random_seed(1)
    parts = {"encoder": encoder, "decoder": decoder, "decoder_initializer_range": 0.5}
    model = TextVAE(VOCABULARY, 2, **SMALL, **STILL, **parts, dtype=policy)
    model.compile(keras.optimizers.SGD(0.1))
    model.ensure_built()
    return model


@pytest.mark.parametrize("kind", [LanguageModel, TextVAE])
def test_float64_is_refused(kind):
    with pytest.raises(InputError, match="float32, bfloat16 or float16, not in float64"):
        kind(VOCABULARY, dtype="float64")


def test_no_name_is_left_out():
    assert {encoder for encoder, _ in PARTS_BY_NAME} == set(ENCODERS)
    assert {decoder for _, decoder in PARTS_BY_NAME} == set(DECODERS)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("pair", PARTS_BY_NAME, ids="-".join)
def test_a_pair(sentences, pair, policy):
    half, whole, ids = made(*pair, policy), made(*pair, "float32"), sentences(4)
    assert half.encoder(tf.constant(ids)).dtype == POLICIES[policy]
    inputs = half.decoder.read(tf.constant(ids[:, 0]))
    assert inputs.dtype == POLICIES[policy]
    tolerance = 0.02 if policy == "mixed_bfloat16" else 0.004
    np.testing.assert_allclose(
        half.log_likelihood(ids, samples=8), whole.log_likelihood(ids, samples=8), rtol=tolerance
    )
    written = half.generate(5, sampler="top_p", max_length=4)
    assert written.log_probability.dtype == tf.float32
    read = np.pad(written.ids, ((0, 0), (1, 0)), constant_values=1)
    scored = whole.decoder(read, written.z)
    np.testing.assert_allclose(written.log_probability, scored, rtol=4 * tolerance, atol=0.02)
    logs = half.train_step(tf.constant(ids))
    assert float(half.skipped_steps) == 0
    np.testing.assert_allclose(
        float(logs["loss"]), float(whole.train_step(tf.constant(ids))["loss"]), rtol=tolerance
    )


@pytest.mark.parametrize("decoder", DECODERS)
def test_a_language_model(sentences, decoder):
    model = LanguageModel(VOCABULARY, **SMALL, decoder=decoder, dtype="mixed_float16")
    model.ensure_built()
    written = model.decoder.initial_state(tf.zeros([2, 0]), 4)
    logits, _ = model.decoder.step(
        tf.ones([2], tf.int32), written, model.decoder.context(tf.zeros([2, 0]))
    )
    assert logits.dtype == tf.float32
    np.testing.assert_allclose(model.log_likelihood(sentences(4)), -model(sentences(4)).loss)
