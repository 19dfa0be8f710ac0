"""What holds for every system."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras import models

SYSTEMS = {
    "vae": (models.TextVAE, {}),
    "beta": (models.BetaVAE, {}),
    "free-bits": (models.FreeBitsVAE, {"free_bits": 0.002}),
    "free-bits-sentence": (
        models.FreeBitsVAE,
        {"free_bits": 0.002, "free_bits_form": "sentence"},
    ),
    "delta": (models.DeltaVAE, {}),
    "sa": (models.SemiAmortizedVAE, {"refinement_steps": 3, "refinement_rate": 0.3}),
    "skip": (models.SkipVAE, {}),
    "agg": (models.AggressiveVAE, {}),
    "mae": (models.MutualPosteriorVAE, {}),
    "bn": (models.BatchNormVAE, {}),
    "du": (models.DUVAE, {"min_batch": 2}),
    "info-mmd": (models.InfoVAE, {}),
    "info-kl": (models.InfoVAE, {"divergence": "kl"}),
    "li2019": (models.PretrainedVAE, {"free_bits": 0.002}),
    "scale-proper": (models.ScaleVAE, {"bound": "proper"}),
    "scale-annealed": (models.ScaleVAE, {"bound": "annealed"}),
    "lm": (models.LanguageModel, {}),
    "cnn": (models.SkipVAE, {"decoder": "cnn", "dilations": (1, 2)}),
    "word-dropout": (models.TextVAE, {"word_dropout": 0.5, "pooling": "max"}),
    "fraternal": (models.ScaleVAE, {"fraternal": 0.7, "dropout": 0.3, "pooling": "mean"}),
}
ALL = pytest.mark.parametrize("system", SYSTEMS)


def _without_latent_dim(vocabulary_size, latent_dim, **arguments):
    return models.LanguageModel(vocabulary_size, **arguments)


@pytest.fixture
def build(make):
    def build_system(system, **compile_arguments):
        model, arguments = SYSTEMS[system]
        if model is models.LanguageModel:
            model = _without_latent_dim
        vae = make(model, compile_arguments=compile_arguments, **arguments)
        if hasattr(vae, "kl_weight"):
            vae.kl_weight.assign(1.0 if system == "du" else 0.6)
        if hasattr(vae, "bound_weight"):
            vae.bound_weight.assign(0.3)
        return vae

    return build_system


# the rectifiers of the convolutions need float64: see the tests of that decoder
@pytest.mark.parametrize("system", [name for name in SYSTEMS if name != "cnn"])
def test_gradients_agree_with_finite_differences(build, sentences, system):
    model, ids = build(system), tf.constant(sentences(6))

    @tf.function(autograph=False)
    def loss_and_gradients():
        model.training_calls.assign(0)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model(ids, training=True).loss)
        weights = [w.value for w in model.trainable_weights]
        gradients = tape.gradient(loss, weights, unconnected_gradients="zero")
        return loss, [tf.convert_to_tensor(gradient) for gradient in gradients]

    checked = 0
    _, gradients = loss_and_gradients()
    for weight, gradient in zip(model.trainable_weights, gradients, strict=True):
        norm = np.linalg.norm(gradient)
        # the gradient of a learnt gamma leaves its projection out: see the tests of that layer
        if norm < 0.01 or weight.path.endswith("mean_norm/scale"):
            continue
        start, step = np.array(weight), 0.01 * np.array(gradient) / norm
        losses = []
        for sign in (1, -1):
            weight.assign(start + sign * step)
            losses.append(float(loss_and_gradients()[0]))
        weight.assign(start)
        assert (losses[0] - losses[1]) / 0.02 == pytest.approx(norm, rel=0.02, abs=1e-3), (
            weight.path
        )
        checked += 1
    assert checked >= 4


@ALL
def test_a_keras_file_brings_the_same_model_back(build, sentences, tmp_path, system):
    model, ids = build(system, run_eagerly=True), sentences(6)
    for seed in range(2):
        model.train_on_batch(sentences(8, seed))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is type(model)
    assert loaded.get_config() == model.get_config()
    for weight, other in zip(model.weights, loaded.weights, strict=True):
        assert weight.path == other.path
        np.testing.assert_array_equal(weight, other)
    np.testing.assert_array_equal(model(ids).loss, loaded(ids).loss)
    logs = [each.train_on_batch(ids, return_dict=True) for each in (model, loaded)]
    assert logs[0] == pytest.approx(logs[1], rel=1e-5)
    for weight, other in zip(model.weights, loaded.weights, strict=True):
        np.testing.assert_allclose(weight, other, rtol=1e-4, atol=1e-6)


@ALL
def test_evaluation_does_not_depend_on_the_other_sentences(build, sentences, system):
    model, ids = build(system, run_eagerly=True), sentences(5)
    for seed in range(2):
        model.train_on_batch(sentences(8, seed))
    if isinstance(model, models.LanguageModel):
        whole, alone = model.log_likelihood(ids), model.log_likelihood(ids[2:3])
        np.testing.assert_allclose(alone[0], whole[2], rtol=1e-5)
        return
    padded = np.pad(ids[2:3], ((0, 0), (0, 3)))
    for actual, expected in zip(model.encode(padded), model.encode(ids), strict=True):
        np.testing.assert_allclose(actual[0], expected[2], rtol=1e-4, atol=1e-6)
