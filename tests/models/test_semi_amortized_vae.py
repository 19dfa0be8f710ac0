import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.posterior import Posterior
from scale_vae_keras.layers.refinement import Refinement, refine
from scale_vae_keras.models import SemiAmortizedVAE, TextVAE


def quadratic(step, posterior, weights):
    """0.5 a (mean - b)^2 + log_var^2, with b moving on each step."""
    curvature, target = weights
    shift = target + tf.cast(step, tf.float32)
    return tf.reduce_sum(
        0.5 * curvature * tf.square(posterior.mean - shift) + tf.square(posterior.log_var), axis=1
    )


def test_the_descent_is_that_of_the_definition():
    mean, log_var = np.array([[1.0, -2.0]]), np.array([[0.5, 30.0]])
    expected = [mean.copy(), log_var.copy()]
    velocity = [np.zeros_like(mean), np.zeros_like(mean)]
    for step in range(4):
        slopes = [3.0 * (expected[0] - 0.5 - step), 2 * expected[1]]
        for i, slope in enumerate(slopes):
            slope = slope * min(1, 5 / np.linalg.norm(slope))
            velocity[i] = 0.5 * velocity[i] - slope
            expected[i] = expected[i] + 0.1 * velocity[i]
    actual = refine(
        quadratic,
        Posterior(tf.constant(mean, tf.float32), tf.constant(log_var, tf.float32)),
        [tf.constant(3.0), tf.constant(0.5)],
        Refinement(4, 0.1, 0.5, 5.0),
    )
    for part, wanted in zip(actual, expected, strict=True):
        np.testing.assert_allclose(part, wanted, rtol=1e-5)


def test_the_defaults_are_the_published_ones_of_a_sentence():
    """Rate 1 and clip 5 on the mean over 32 sentences with equal gradients, which are the same."""
    settings = SemiAmortizedVAE(12, 2, 3, 4).refinement
    assert settings.learning_rate == 1 / 32
    slopes = np.full((32, 1), 40.0) / 32
    published = slopes * min(1, 5 / np.linalg.norm(slopes))
    own = 40.0 * min(1, settings.clip_norm / 40.0) * settings.learning_rate
    assert own == pytest.approx(published[0, 0], rel=1e-3)
    assert own == pytest.approx(0.88388, rel=1e-3)


def test_gradients_of_the_descent_are_exact():
    inputs = [
        tf.constant([[1.0, -2.0]], tf.float64),
        tf.constant([[0.5, 3.0]], tf.float64),
        tf.constant(0.8, tf.float64),
        tf.constant(0.5, tf.float64),
    ]

    def objective(step, posterior, weights):
        curvature, target = weights
        cosine = tf.cos(posterior.mean * posterior.log_var - target * tf.cast(step, tf.float64))
        return tf.reduce_sum(curvature * cosine + posterior.log_var**2 * target, axis=1)

    def total(mean, log_var, *weights):
        refined = refine(objective, Posterior(mean, log_var), weights, Refinement(5, 0.2, 0.5, 1.5))
        return tf.reduce_sum(refined.mean * [1.0, 2.0] - refined.log_var)

    with tf.GradientTape() as tape:
        tape.watch(inputs)
        value = total(*inputs)
    for i, gradient in enumerate(tape.gradient(value, inputs)):
        flat = np.ravel(inputs[i])
        for entry in range(flat.size):
            ends = []
            for step in (1e-6, -1e-6):
                moved = flat.copy()
                moved[entry] += step
                changed = [*inputs]
                changed[i] = tf.constant(moved.reshape(inputs[i].shape), tf.float64)
                ends.append(float(total(*changed)))
            assert (ends[0] - ends[1]) / 2e-6 == pytest.approx(
                np.ravel(gradient)[entry], rel=1e-5, abs=1e-8
            )


def test_no_steps_leave_the_plain_vae(make, sentences):
    refined, plain = make(SemiAmortizedVAE, refinement_steps=0), make(TextVAE)
    for seed in range(2):
        ids = sentences(6, seed)
        logs = [model.train_on_batch(ids, return_dict=True) for model in (refined, plain)]
        assert logs[0] == pytest.approx(logs[1], rel=1e-5)
    for weight, other in zip(refined.trainable_weights, plain.trainable_weights, strict=True):
        np.testing.assert_allclose(weight, other, rtol=1e-4, atol=1e-6)


def test_no_steps_train_on_batches_of_any_size(make, sentences):
    refined = make(SemiAmortizedVAE, refinement_steps=0)
    batches = tf.data.Dataset.from_tensor_slices(sentences(6)).batch(4)
    history = refined.fit(batches, shuffle=False, verbose=0).history
    assert np.isfinite(history["loss"]).all()


def bound(model, ids, posterior, samples=200):
    """The bound of each sentence, over many samples of z."""
    noise = np.random.default_rng(5).normal(size=(samples, len(ids), 2)).astype(np.float32)
    likelihood = np.mean([model.decoder(ids, posterior.sample(own)) for own in noise], axis=0)
    mean, log_var = (np.array(part) for part in posterior)
    return likelihood - 0.5 * np.sum(mean**2 + np.exp(log_var) - log_var - 1, axis=1)


def test_refinement_raises_the_bound_on_average(make, sentences):
    model = make(SemiAmortizedVAE, decoder_initializer_range=1.5)
    ids = sentences(16)
    amortized = bound(model, ids, TextVAE.posterior(model, ids))
    refined = bound(model, ids, model.posterior(ids))
    gain = refined - amortized
    assert gain.mean() > 0.05
    assert gain.mean() > 2 * gain.std() / np.sqrt(len(gain))


def test_the_loss_is_that_at_the_refined_posterior(make, sentences):
    model, ids = make(SemiAmortizedVAE, refinement_steps=4), sentences(5)
    mean, log_var = (np.array(part) for part in model.posterior(ids))
    assert np.abs(mean - np.array(TextVAE.posterior(model, ids).mean)).max() > 1e-3
    terms = model(ids)
    kl = 0.5 * np.sum(mean**2 + np.exp(log_var) - log_var - 1, axis=1)
    np.testing.assert_allclose(terms.kl, kl, rtol=1e-4)
    np.testing.assert_allclose(terms.loss, terms.reconstruction + kl, rtol=1e-5)


def test_refinement_stays_clear_of_cudnn(make, sentences, visible_gpus, monkeypatch):
    model, ids = make(SemiAmortizedVAE, refinement_steps=2), tf.constant(sentences(4))

    def refuse(*_):
        raise AssertionError("cuDNN has no gradients of gradients")

    visible_gpus(1)
    monkeypatch.setattr(model.encoder.lstm, "_cudnn", model.encoder.lstm._portable)
    monkeypatch.setattr(model.decoder.lstm, "_cudnn", refuse)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(model.posterior(ids, training=True).mean)
    kernel = model.decoder.lstm.kernel
    assert np.abs(tape.gradient(total, kernel.value)).max() > 0
    with pytest.raises(AssertionError, match="cuDNN"):
        model(ids)


@pytest.mark.parametrize(
    "arguments",
    [
        {"refinement_steps": -1},
        {"refinement_rate": 0.0},
        {"refinement_momentum": 1.0},
        {"refinement_clip_norm": 0.0},
    ],
    ids=str,
)
def test_arguments_out_of_range(arguments):
    with pytest.raises(InputError, match=next(iter(arguments))):
        SemiAmortizedVAE(12, **arguments)
