import keras
import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.cnn_decoder import CNNDecoder

IDS = np.array([[1, 4, 5, 6, 2, 0, 0], [1, 7, 8, 9, 10, 4, 2]], np.int32)
Z = np.array([[0.4, -1.2], [0.8, 0.3]])


def decoder(dtype="float64", latent_dim=2, dilations=(1, 2), **arguments):
    keras.utils.set_random_seed(1)
    made = CNNDecoder(12, 5, 6, latent_dim, 0.0, 0.5, dilations=dilations, dtype=dtype, **arguments)
    made.build((None, None), (None, latent_dim))
    random = np.random.default_rng(0)
    for weight in made.weights:
        weight.assign(random.normal(0, 0.5, weight.shape))
    return made


def relu(x):
    return np.maximum(x, 0)


def numpy_log_likelihood(made, ids, z):
    """log p(ids | z) of one sentence without padding, position by position."""
    weights = {w.path.split("/", 1)[1]: np.array(w) for w in made.weights}
    inputs = np.concatenate(
        [weights["embedding/embeddings"][ids[:-1]], np.tile(z, (len(ids) - 1, 1))], axis=1
    )
    x = inputs @ weights["input_kernel"] + weights["input_bias"]
    for i, dilation in enumerate(made.dilations):
        w = {n: weights[f"block_{i}/{n}_kernel"] for n in ("reduce", "convolve", "expand")}
        b = {n: weights[f"block_{i}/{n}_bias"] for n in ("reduce", "convolve", "expand")}
        inner = relu(relu(x) @ w["reduce"] + b["reduce"])
        rows = []
        for t in range(len(x)):
            seen = [t - 2 * dilation, t - dilation, t]
            window = [inner[s] if s >= 0 else np.zeros(inner.shape[1]) for s in seen]
            convolved = relu(np.concatenate(window) @ w["convolve"] + b["convolve"])
            rows.append(x[t] + convolved @ w["expand"] + b["expand"])
        x = np.array(rows)
    hidden = x
    if made.skip:
        hidden = np.concatenate([hidden, np.tile(z, (len(hidden), 1))], axis=1)
    logits = hidden @ weights["output_kernel"]
    log_probability = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return log_probability[np.arange(len(logits)), ids[1:]].sum()


@pytest.mark.parametrize("skip", [False, True])
def test_log_likelihood_is_that_of_the_definition(skip):
    made = decoder(skip=skip)
    expected = [numpy_log_likelihood(made, ids[ids > 0], z) for ids, z in zip(IDS, Z, strict=True)]
    np.testing.assert_allclose(made(IDS, Z), expected, rtol=1e-10)


@pytest.mark.parametrize("latent_dim", [2, 0])
def test_steps_give_the_log_likelihood_of_the_whole(latent_dim):
    made = decoder(latent_dim=latent_dim, skip=latent_dim > 0)
    z = tf.constant(Z[:, :latent_dim])
    state, context, total = made.initial_state(z), made.context(z), 0.0
    for t in range(IDS.shape[1] - 1):
        logits, state = made.step(tf.constant(IDS[:, t]), state, context)
        chosen = tf.gather(tf.nn.log_softmax(logits), IDS[:, t + 1], batch_dims=1)
        total += np.where(IDS[:, t + 1] > 0, chosen, 0.0)
    np.testing.assert_allclose(total, made(IDS, z), rtol=1e-5)


@pytest.mark.parametrize(("dilations", "reach"), [((1,), 3), ((1, 2), 7)])
def test_the_dilations_set_how_far_back_a_prediction_sees(dilations, reach):
    made = decoder(dilations=dilations)
    for weight in made.weights:  # no rectifier cuts anything off
        weight.assign(np.abs(weight))
    ids = np.array([[1, 4, 5, 6, 7, 8, 9, 10, 11, 4, 5, 6, 2]], np.int32)
    before = np.array(made.states(ids, np.abs(Z[:1])).hidden)
    changed = ids.copy()
    changed[0, 3] = 11
    after = np.array(made.states(changed, np.abs(Z[:1])).hidden)
    moved = np.flatnonzero(np.abs(after - before).max(axis=1) > 0)
    assert moved.min() == 3
    assert moved.max() == 3 + reach - 1


def test_z_reaches_every_position():
    made = decoder()
    before, after = (np.array(made.states(IDS, Z + shift).hidden) for shift in (0, 0.5))
    assert (np.abs(after - before).max(axis=1) > 1e-3).all()


def test_gradients_agree_with_finite_differences():
    made = decoder(skip=True)

    def total():
        return tf.reduce_sum(made(IDS, Z))

    with tf.GradientTape() as tape:
        value = total()
    gradients = tape.gradient(value, [weight.value for weight in made.trainable_weights])
    for weight, gradient in zip(made.trainable_weights, gradients, strict=True):
        gradient = np.array(tf.convert_to_tensor(gradient))
        norm, start = np.linalg.norm(gradient), np.array(weight)
        ends = []
        for sign in (1, -1):
            weight.assign(start + sign * 1e-6 * gradient / norm)
            ends.append(float(total()))
        weight.assign(start)
        assert (ends[0] - ends[1]) / 2e-6 == pytest.approx(norm, rel=1e-6), weight.path


@pytest.mark.parametrize(
    ("dilations", "message"),
    [
        ((), "at least one dilation"),
        ((1, 0), "a dilation must be at least 1, got 0"),
        ((1.5,), r"a dilation must be a whole number, got 1\.5"),
    ],
)
def test_dilations_out_of_range(dilations, message):
    with pytest.raises(InputError, match=message):
        CNNDecoder(12, 5, 6, 2, 0.0, 0.5, dilations=dilations)
