import numpy as np
import tensorflow as tf

from scale_vae_keras.models import SkipVAE, TextVAE
from scale_vae_keras.samplers import BeamSampler


def test_only_the_map_to_the_vocabulary_is_wider(make):
    skip, plain = make(SkipVAE), make(TextVAE)
    assert skip.decoder.output_kernel.shape == (6 + 2, 12)
    wider = [
        weight.path
        for weight, other in zip(skip.weights, plain.weights, strict=True)
        if weight.shape != other.shape
    ]
    assert wider == [skip.decoder.output_kernel.path]


def test_without_the_short_way_it_is_the_plain_vae(make, sentences):
    skip, plain, ids = make(SkipVAE), make(TextVAE), sentences(4)
    kernel = np.array(plain.decoder.output_kernel)
    for weight, other in zip(skip.weights, plain.weights, strict=True):
        if weight is skip.decoder.output_kernel:
            weight.assign(np.concatenate([kernel, np.zeros((2, 12))]))
        else:
            weight.assign(other)
    np.testing.assert_allclose(skip(ids).loss, plain(ids).loss, rtol=1e-6)


def test_generated_sentences_have_the_probability_that_is_reported(make):
    model = make(SkipVAE)
    for written in (model.generate(20, seed=3, max_length=8),):
        started = np.pad(written.ids, ((0, 0), (1, 0)), constant_values=1)
        np.testing.assert_allclose(
            written.log_probability, model.decoder(started, written.z), rtol=1e-4
        )
    beam = model.decode(tf.constant([[0.5, -1.0]]), BeamSampler(3), max_length=8)
    started = np.pad(beam.ids, ((0, 0), (1, 0)), constant_values=1)
    np.testing.assert_allclose(
        beam.log_probability, model.decoder(started, np.array([[0.5, -1.0]])), rtol=1e-4
    )
