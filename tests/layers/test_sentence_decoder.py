import keras
import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.decoder import LSTMDecoder

IDS = np.array([[1, 4, 5, 6, 2, 0], [1, 7, 8, 9, 10, 2]], np.int32)
Z = np.array([[0.4, -1.2], [0.8, 0.3]], np.float32)
SEED = tf.constant([3, 4])


def decoder(latent_dim=2, **arguments):
    keras.utils.set_random_seed(1)
    made = LSTMDecoder(12, 5, 6, latent_dim, **{"dropout": 0.0, **arguments}, initializer_range=0.5)
    made.build((None, None), (None, latent_dim))
    return made


def test_with_skip_z_joins_the_state_before_the_vocabulary():
    made = decoder(skip=True)
    states = made.states(IDS, Z)
    joined = np.concatenate([states.hidden, Z[np.array(states.sentence)]], axis=1)
    logits = joined @ np.array(made.output_kernel)
    chosen = (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)))[
        np.arange(len(logits)), states.target
    ]
    expected = [chosen[np.array(states.sentence) == row].sum() for row in range(2)]
    np.testing.assert_allclose(made(IDS, Z), expected, rtol=1e-5)


def test_with_skip_z_reaches_the_words_when_the_lstm_ignores_it():
    made = decoder(skip=True)
    made.state_kernel.assign(tf.zeros_like(made.state_kernel))
    made.lstm.kernel.assign(made.lstm.kernel * np.repeat([1.0, 0.0], [5, 2])[:, None])
    states = [np.array(made.states(IDS, z).hidden) for z in (Z, Z + 1)]
    np.testing.assert_array_equal(*states)
    assert np.abs(np.array(made(IDS, Z)) - made(IDS, Z + 1)).min() > 0.1


@pytest.mark.parametrize(("latent_dim", "skip"), [(2, True), (2, False), (0, False)])
def test_steps_give_the_log_likelihood_of_the_whole(latent_dim, skip):
    made, z = decoder(latent_dim, skip=skip), tf.constant(Z[:, :latent_dim])
    state, context, total = made.initial_state(z), made.context(z), 0.0
    for t in range(IDS.shape[1] - 1):
        logits, state = made.step(tf.constant(IDS[:, t]), state, context)
        chosen = tf.gather(tf.nn.log_softmax(logits), IDS[:, t + 1], batch_dims=1)
        total += np.where(IDS[:, t + 1] > 0, chosen, 0.0)
    np.testing.assert_allclose(total, made(IDS, z), rtol=1e-5)


def test_a_language_model_has_no_weights_for_z():
    shapes = {weight.name: weight.shape for weight in decoder(0).weights}
    assert shapes["kernel"] == (5, 24)
    assert "state_kernel" not in shapes


def test_word_dropout_hides_words_but_not_the_start_nor_the_targets():
    made = decoder(word_dropout=1.0)
    hidden = np.where((IDS > 1) & (np.arange(6) < 5), 3, IDS)
    read = made.states(hidden, Z)
    np.testing.assert_allclose(
        made.states(IDS, Z, training=True, seed=SEED).hidden, read.hidden, rtol=1e-6
    )
    trained = made.states(IDS, Z, training=True, seed=SEED)
    np.testing.assert_array_equal(trained.target, made.states(IDS, Z).target)
    assert np.abs(np.array(made(IDS, Z)) - made(IDS, Z, training=True, seed=SEED)).min() > 1e-3
    np.testing.assert_array_equal(made(IDS, Z), decoder()(IDS, Z))


def test_word_dropout_hides_its_share():
    made = decoder(word_dropout=0.3)
    ids = np.full((200, 50), 7, np.int32)
    ids[:, 0], ids[:, -5:] = 1, 0
    hidden = np.array(made._drop_words(tf.constant(ids), True, SEED))
    assert set(np.unique(hidden[ids == 7])) == {3, 7}
    assert np.mean(hidden[ids == 7] == 3) == pytest.approx(0.3, abs=0.02)
    np.testing.assert_array_equal(hidden[ids != 7], ids[ids != 7])


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_word_dropout_out_of_range(share):
    with pytest.raises(InputError, match="word_dropout"):
        decoder(word_dropout=share)


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_dropout_out_of_range(share):
    with pytest.raises(InputError, match="dropout must be at least 0 and below 1"):
        decoder(dropout=share)


@pytest.mark.parametrize("limit", [-0.1, float("inf"), float("nan")])
def test_initializer_range_out_of_range(limit):
    with pytest.raises(InputError, match="initializer_range must be at least 0 and finite"):
        LSTMDecoder(12, 5, 6, 2, dropout=0.0, initializer_range=limit)
