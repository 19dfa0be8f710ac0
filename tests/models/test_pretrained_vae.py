import random

import numpy as np

from scale_vae_keras.models import PretrainedVAE


def weights_of(layer):
    return [np.array(weight) for weight in layer.weights]


def test_a_step_of_pretraining_charges_no_kl(make, sentences):
    model, ids = make(PretrainedVAE, free_bits=0.0), sentences(4)
    terms = model(ids, training=True)
    np.testing.assert_allclose(terms.loss, terms.reconstruction + terms.kl, rtol=1e-6)
    model.pretraining.assign(1.0)
    terms = model(ids, training=True)
    np.testing.assert_array_equal(terms.loss, terms.reconstruction)
    terms = model(ids)
    np.testing.assert_allclose(terms.loss, terms.reconstruction + terms.kl, rtol=1e-6)


def test_a_reset_draws_new_decoder_weights_alone_and_the_same_ones_each_time(make, sentences):
    model = make(PretrainedVAE, seed=5)
    model.train_on_batch(sentences(8))
    decoder = weights_of(model.decoder)
    model.reset_decoder()
    first = weights_of(model.decoder)
    model.train_on_batch(sentences(8))
    model.reset_decoder()
    for old, new, again in zip(decoder, first, weights_of(model.decoder), strict=True):
        np.testing.assert_array_equal(new, again)
        assert not np.array_equal(old, new)
        assert np.abs(new).max() <= 0.5


def test_a_reset_leaves_the_encoder_and_other_random_numbers_alone(make, sentences):
    model = make(PretrainedVAE)
    model.train_on_batch(sentences(8))
    encoder = weights_of(model.encoder)
    random.seed(1)
    expected = random.random()
    random.seed(1)
    model.reset_decoder()
    assert random.random() == expected
    for before, after in zip(encoder, weights_of(model.encoder), strict=True):
        np.testing.assert_array_equal(before, after)
