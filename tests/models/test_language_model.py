import itertools

import keras
import numpy as np
import pytest

from scale_vae_keras.errors import InputError
from scale_vae_keras.models import LanguageModel


@pytest.fixture(params=["lstm", "cnn"])
def model(request):
    keras.utils.set_random_seed(3)
    made = LanguageModel(
        6, 5, 6, 0.0, decoder_initializer_range=0.9, decoder=request.param, dilations=(1, 2)
    )
    made.build((None, None))
    made.compile(keras.optimizers.SGD(0.1))
    return made


def test_the_probabilities_of_all_sentences_sum_to_one(model):
    others = [0, 1, 3, 4, 5]
    ended = [
        [1, *words, 2, *[0] * (3 - count)]
        for count in range(3)
        for words in itertools.product(others[1:], repeat=count)
    ]
    longer = [[1, *words, 0] for words in itertools.product(others[1:], repeat=3)]
    ids = np.array([row[:5] for row in [*ended, *longer]], np.int32)
    # the decoder may also write padding, which no sentence holds: its share is left over
    state = model.decoder.initial_state(np.zeros((1, 0), np.float32))
    context = model.decoder.context(np.zeros((1, 0), np.float32))

    def padding_after(words):
        own, p = state, 1.0
        for read, target in itertools.pairwise([1, *words, 0]):
            logits, own = model.decoder.step(np.array([read]), own, context)
            p *= np.array(keras.ops.softmax(logits))[0, target]
        return p

    leftover = sum(
        padding_after(words)
        for count in range(3)
        for words in itertools.product(others[1:], repeat=count)
    )
    # beyond the model's checks, which refuse what does not end
    log_likelihood = model.decoder(ids, np.zeros((len(ids), 0), np.float32))
    assert np.exp(log_likelihood).sum() + leftover == pytest.approx(1.0, abs=1e-5)


def test_the_loss_is_the_negative_log_likelihood(model):
    ids = np.array([[1, 4, 5, 2], [1, 3, 2, 0]], np.int32)
    for training in (True, False):
        terms = model(ids, training=training)
        np.testing.assert_allclose(terms.loss, -np.array(model.log_likelihood(ids)), rtol=1e-5)
        np.testing.assert_array_equal(terms.kl, [0, 0])


def test_it_learns(model):
    ids = np.array([[1, 4, 5, 2]] * 4, np.int32)
    before = float(model.log_likelihood(ids)[0])
    for _ in range(40):
        model.train_on_batch(ids)
    assert float(model.log_likelihood(ids)[0]) > before + 0.5


def test_it_has_no_latent_code(model):
    ids = np.array([[1, 4, 5, 2]], np.int32)
    for call in (model.encode, model.reconstruct, lambda ids: model.interpolate(ids, ids)):
        with pytest.raises(InputError, match="no latent code"):
            call(ids)
