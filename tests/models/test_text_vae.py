import keras
import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.models import ScaleVAE, TextVAE

BOTH = pytest.mark.parametrize("model", [TextVAE, ScaleVAE])


def batches(ids, size):
    return tf.data.Dataset.from_tensor_slices(ids).batch(size)


def trainable(model):
    return [np.array(weight) for weight in model.trainable_weights]


def assert_equal(weights, others):
    for weight, other in zip(weights, others, strict=True):
        np.testing.assert_array_equal(weight, other)


def with_noise(model, noise):
    """The same model with given noise in place of its own."""
    model._noise = lambda ids, seed: tf.constant(noise, tf.float32)
    return model


@pytest.mark.parametrize(
    "arguments",
    [
        {"vocabulary_size": 0},
        {"latent_dim": -1},
        {"embedding_dim": 2.5},
        {"units": 0},
        {"dropout": 1.0},
        {"dropout": -0.1},
        {"dropout": float("nan")},
    ],
    ids=str,
)
@BOTH
def test_arguments_out_of_range(model, arguments):
    with pytest.raises(InputError, match=next(iter(arguments))):
        model(**{"vocabulary_size": 12, "latent_dim": 2, "units": 4, **arguments})


@pytest.mark.parametrize(
    "arguments", [{"des_std": 0.0}, {"ddof": 3}, {"average": "x"}, {"max_factor": -1.0}], ids=str
)
def test_arguments_of_the_factor_out_of_range(arguments):
    with pytest.raises(InputError, match=next(iter(arguments))):
        ScaleVAE(12, 2, 5, 6, **arguments)


def numpy_kl(mean, log_var):
    return 0.5 * np.sum(np.square(mean) + np.exp(log_var) - log_var - 1, axis=1)


@BOTH
@pytest.mark.parametrize("kl_weight", [1.0, 0.25])
def test_terms_of_the_loss(make, sentences, model, kl_weight):
    ids, noise = sentences(5), np.random.default_rng(1).normal(size=(5, 2))
    vae = with_noise(make(model, des_std=0.7) if model is ScaleVAE else make(model), noise)
    vae.kl_weight.assign(kl_weight)
    mean, log_var = (np.float64(part) for part in vae.posterior(ids))
    factor = 0.7 / mean.std(axis=0, ddof=1) if model is ScaleVAE else 1.0
    z = factor * mean + np.exp(0.5 * log_var) * noise
    reconstruction = -np.array(vae.decoder(ids, z.astype(np.float32)))
    terms = vae(ids, training=True)
    np.testing.assert_allclose(terms.reconstruction, reconstruction, rtol=1e-5)
    np.testing.assert_allclose(terms.kl, numpy_kl(mean, log_var), rtol=1e-4)
    np.testing.assert_allclose(
        terms.loss, reconstruction + kl_weight * numpy_kl(mean, log_var), rtol=1e-5
    )


def test_evaluation_has_weight_one_and_no_dropout(make, sentences):
    ids, noise = sentences(5), np.zeros((5, 2))
    vae = with_noise(make(dropout=0.5), noise)
    vae.kl_weight.assign(0.0)
    terms = vae(ids)
    mean, _ = vae.posterior(ids)
    np.testing.assert_allclose(terms.reconstruction, -vae.decoder(ids, mean), rtol=1e-6)
    np.testing.assert_allclose(terms.loss, terms.reconstruction + terms.kl, rtol=1e-6)


@pytest.mark.parametrize("clip", [None, 0.05])
@BOTH
def test_a_step_is_gradient_descent_on_the_mean_loss(make, sentences, model, clip):
    ids, noise = sentences(6), np.random.default_rng(1).normal(size=(6, 2))
    vae = with_noise(
        make(model, keras.optimizers.SGD(0.5, global_clipnorm=clip), {"run_eagerly": True}), noise
    )
    vae.kl_weight.assign(0.5)
    before = trainable(vae)
    with tf.GradientTape() as tape:
        mean, log_var = vae.posterior(ids)
        factor = 1.0
        if model is ScaleVAE:
            factor = 0.7 * tf.math.rsqrt(tf.math.reduce_variance(mean, axis=0) * 6 / 5)
        z = factor * mean + tf.exp(0.5 * log_var) * tf.constant(noise, tf.float32)
        kl = 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - log_var - 1, axis=1)
        loss = tf.reduce_mean(-vae.decoder(ids, z) + 0.5 * kl)
    gradients = [
        np.float64(tf.convert_to_tensor(gradient))
        for gradient in tape.gradient(loss, [weight.value for weight in vae.trainable_weights])
    ]
    norm = np.sqrt(sum(np.sum(gradient**2) for gradient in gradients))
    assert norm > 0.1
    logs = vae.train_on_batch(ids, return_dict=True)
    np.testing.assert_allclose(logs["loss"], loss, rtol=1e-5)
    np.testing.assert_allclose(vae.gradient_norm, norm, rtol=1e-4)
    shrink = 1 if clip is None else clip / norm
    for weight, start, gradient in zip(vae.trainable_weights, before, gradients, strict=True):
        np.testing.assert_allclose(weight, start - 0.5 * shrink * gradient, rtol=1e-4, atol=2e-6)


@BOTH
def test_every_weight_learns(make, sentences, model):
    vae = make(model, compile_arguments={"run_eagerly": True})
    before = trainable(vae)
    vae.train_on_batch(sentences(8))
    for weight, start in zip(vae.trainable_weights, before, strict=True):
        assert not np.array_equal(weight, start), weight.path


@BOTH
def test_fit_reports_means_over_sentences(make, sentences, model):
    ids = sentences(11)
    vae = make(model, keras.optimizers.SGD(1e-12))
    history = vae.fit(
        batches(ids, 8), validation_data=batches(ids, 8), epochs=2, shuffle=False, verbose=0
    ).history
    keys = {"loss", "reconstruction", "kl"}
    assert set(history) == keys | {f"val_{key}" for key in keys}
    tokens = np.count_nonzero(ids[:, 1:], axis=1).mean()
    assert 0.5 * tokens * np.log(12) < history["reconstruction"][0] < 1.5 * tokens * np.log(12)
    assert history["kl"][0] > 0
    for prefix in ("", "val_"):
        np.testing.assert_allclose(
            history[prefix + "loss"],
            np.add(history[prefix + "reconstruction"], history[prefix + "kl"]),
            rtol=1e-5,
        )
    terms = vae.predict(batches(ids, 8), verbose=0)
    result = vae.evaluate(batches(ids, 8), return_dict=True, verbose=0)
    assert terms.loss.shape == (11,)
    for name in keys:
        np.testing.assert_allclose(result[name], getattr(terms, name).mean(), rtol=1e-5)
        np.testing.assert_allclose(history[f"val_{name}"][-1], result[name], rtol=1e-5)


def test_training_lowers_the_loss(make, sentences):
    vae = make(optimizer=keras.optimizers.Adam(0.05))
    losses = vae.fit(batches(sentences(16), 16), epochs=15, shuffle=False, verbose=0).history[
        "loss"
    ]
    assert losses[-1] < 0.8 * losses[0]


def test_the_same_seed_gives_the_same_weights(make, sentences):
    ids = batches(sentences(12), 4)
    runs = []
    for seed in (5, 5, 6):
        vae = make(ScaleVAE, dropout=0.5, seed=seed)
        vae.fit(ids, epochs=2, shuffle=False, verbose=0)
        runs.append(trainable(vae))
    assert_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0][0], runs[2][0])


def test_training_noise_changes_with_the_call_and_evaluation_noise_does_not(make, sentences):
    vae, ids = make(dropout=0.0), sentences(8)
    first, second = (np.array(vae(ids, training=True).reconstruction) for _ in range(2))
    assert not np.allclose(first, second)
    assert int(vae.training_calls) == 2
    vae.training_calls.assign(0)
    np.testing.assert_array_equal(vae(ids, training=True).reconstruction, first)
    evaluated = np.array(vae(ids).reconstruction)
    assert int(vae.training_calls) == 1
    vae.training_calls.assign(2)
    np.testing.assert_array_equal(vae(ids).reconstruction, evaluated)
    padded = np.pad(ids, ((0, 0), (0, 3)))
    np.testing.assert_allclose(vae(padded).reconstruction, evaluated, rtol=1e-5)
    np.testing.assert_array_equal(
        make(seed=0)(ids).reconstruction, make(seed=0)(ids).reconstruction
    )
    assert not np.allclose(make(seed=1)(ids).reconstruction, make(seed=0)(ids).reconstruction)


def test_noise_is_standard_normal_and_differs_between_rows(make):
    vae = make()
    noise = np.array(vae._noise(np.ones((2000, 3), np.int32), tf.constant([0, 4])))
    np.testing.assert_allclose(noise.mean(axis=0), 0, atol=0.1)
    np.testing.assert_allclose(noise.std(axis=0), 1, atol=0.06)
    assert abs(np.corrcoef(noise.T)[0, 1]) < 0.1
    assert len(np.unique(noise)) == noise.size


def test_training_mode_without_compiling(sentences):
    vae = TextVAE(12, 2, 5, 6)
    terms = vae(sentences(4), training=True)
    assert np.isfinite(terms.loss).all()


@BOTH
def test_fit_builds_the_model(sentences, model):
    vae = model(12, 2, 5, 6, dropout=0.0)
    vae.compile("sgd")
    vae.fit(batches(sentences(4), 4), epochs=1, shuffle=False, verbose=0)
    assert vae.built


@BOTH
def test_a_step_that_is_not_finite_changes_no_weight_and_is_counted(make, sentences, model):
    vae = make(model, keras.optimizers.SGD(0.5), {"run_eagerly": True})
    ids = sentences(8)
    vae.train_on_batch(ids)
    embeddings = vae.encoder.embedding.embeddings
    word = int(ids[0, 1])
    value = np.array(embeddings[word])
    recorded = np.array(vae.posterior_scale.record_sum) if model is ScaleVAE else None
    embeddings.assign(tf.tensor_scatter_nd_update(embeddings.value, [[word]], [value * np.nan]))
    before = trainable(vae)
    vae.train_on_batch(ids)
    assert_equal(trainable(vae), before)
    assert float(vae.skipped_steps) == 1
    embeddings.assign(tf.tensor_scatter_nd_update(embeddings.value, [[word]], [value]))
    if model is ScaleVAE:
        scale = vae.posterior_scale
        assert (float(scale.record_count), float(scale.unrecorded)) == (1, 1)
        np.testing.assert_array_equal(scale.record_sum, recorded)
    vae.train_on_batch(ids)
    assert float(vae.skipped_steps) == 1
    assert np.isfinite(np.concatenate([np.ravel(weight) for weight in vae.get_weights()])).all()


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@BOTH
def test_mixed_precision(make, sentences, model, policy):
    vae = make(model, keras.optimizers.SGD(0.5, global_clipnorm=5.0), dtype=policy)
    losses = vae.fit(batches(sentences(16), 8), epochs=6, shuffle=False, verbose=0).history["loss"]
    assert np.isfinite(losses).all()
    assert losses[-1] < 0.95 * losses[0]
    # Times the first loss scale, 2^15, a gradient of 2 overflows: some processors' round to that.
    assert float(vae.skipped_steps) <= (3 if policy == "mixed_float16" else 0)
    assert {weight.dtype for weight in vae.weights} == {"float32", "int64"}
    assert {weight.dtype for weight in vae.trainable_weights} == {"float32"}
    assert {part.dtype for part in vae(sentences(4))} == {tf.float32}
    if model is ScaleVAE:
        assert np.isfinite(vae.posterior_scale.factor()).all()
        assert vae.posterior_scale.factor().dtype == tf.float32
        assert vae.encode(sentences(4)).mean.dtype == tf.float32
    written = vae.generate(2, max_length=3)
    assert np.isfinite(written.log_probability).all()


@BOTH
def test_config_round_trip(make, sentences, model):
    arguments = {"dropout": 0.25, "decoder_initializer_range": 0.02, "seed": 9, "name": "mine"}
    if model is ScaleVAE:
        arguments |= {
            "des_std": 1.1,
            "ddof": 0,
            "average": "median",
            "through_batch_factor": False,
            "min_factor_batch": 6,
            "max_factor": 99.0,
        }
    vae = make(model, **arguments)
    config = vae.get_config()
    assert {name: config[name] for name in arguments} == arguments
    copy = model.from_config(config)
    assert copy.get_config() == config
    copy.build((None, None))
    copy.set_weights(vae.get_weights())
    ids = sentences(5)
    np.testing.assert_array_equal(copy(ids).loss, vae(ids).loss)


@BOTH
def test_summary_counts_every_weight(make, model):
    lines = []
    make(model).summary(print_fn=lines.append)
    text = "\n".join(map(str, lines))
    # encoder 12*5 + (5+6+1)*24, posterior 6*4, decoder 12*5 + (7+6+1)*24 + 2*6 + 6*12
    assert "Trainable params: 852" in text
    # kl_weight, gradient_norm and four counters; the factor's state of two dimensions and its own
    state = 6 if model is TextVAE else 6 + 10
    assert f"Non-trainable params: {state}" in text
