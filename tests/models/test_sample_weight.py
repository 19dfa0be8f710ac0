"""Weights of sentences, regularisers, and what compile and fit refuse."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.models import AggressiveVAE, LanguageModel, ScaleVAE, TextVAE

WEIGHTS = np.array([0.5, 2.0, 0.0, 3.0], np.float32)
NAMES = ("loss", "reconstruction", "kl")


def weights_of(model):
    return [np.array(weight) for weight in model.trainable_weights]


def weighted(ids, weights=WEIGHTS):
    return tf.data.Dataset.from_tensors(ids).map(lambda ids: (ids, None, tf.constant(weights)))


@pytest.mark.parametrize("model", [TextVAE, AggressiveVAE])
def test_the_loss_is_the_weighted_sum_over_the_number_of_sentences(make, sentences, model):
    vae, reference, ids = make(model), make(model), sentences(4)
    logs = vae.train_on_batch(ids, sample_weight=WEIGHTS, return_dict=True)
    before = weights_of(reference)
    with tf.GradientTape() as tape:
        terms = reference(ids, training=True)
        loss = tf.reduce_sum(terms.loss * WEIGHTS) / 4
    gradients = tape.gradient(loss, [each.value for each in reference.trainable_weights])
    for now, old, gradient in zip(weights_of(vae), before, gradients, strict=True):
        expected = old - 0.5 * np.array(tf.convert_to_tensor(gradient))
        np.testing.assert_allclose(now, expected, rtol=1e-4, atol=1e-6)
    for name in NAMES:
        mean = np.sum(np.array(getattr(terms, name)) * WEIGHTS) / 5.5
        assert logs[name] == pytest.approx(mean, rel=1e-5)


def test_the_loss_equals_that_of_keras_for_the_same_terms(make, sentences):
    terms = make()(sentences(4), training=True)
    loss = keras.losses.MeanAbsoluteError()(
        tf.zeros([4, 1]), terms.loss[:, tf.newaxis], sample_weight=WEIGHTS
    )
    mean = keras.metrics.Mean()
    mean.update_state(terms.loss, sample_weight=WEIGHTS)
    assert float(loss) == pytest.approx(np.sum(terms.loss * WEIGHTS) / 4, rel=1e-6)
    vae = make()
    logs = vae.train_on_batch(sentences(4), sample_weight=WEIGHTS[:, None], return_dict=True)
    assert logs["loss"] == pytest.approx(float(mean.result()), rel=1e-6)


def test_an_argument_and_the_third_element_of_a_batch_are_the_same(make, sentences):
    ids = sentences(4)
    first, second = make(), make()
    one = first.fit(weighted(ids), epochs=2, shuffle=False, verbose=0).history
    other = second.fit(ids, sample_weight=WEIGHTS, epochs=2, shuffle=False, verbose=0).history
    assert one == other
    for weight, known in zip(weights_of(first), weights_of(second), strict=True):
        np.testing.assert_array_equal(weight, known)
    evaluated = [
        first.evaluate(weighted(ids), return_dict=True, verbose=0),
        first.evaluate(ids, sample_weight=WEIGHTS, return_dict=True, verbose=0),
    ]
    validated = first.fit(
        weighted(ids, 0 * WEIGHTS), validation_data=(ids, None, WEIGHTS), shuffle=False, verbose=0
    ).history["val_loss"]
    terms = first(ids)
    for loss in (*validated, *(each["loss"] for each in evaluated)):
        assert loss == pytest.approx(np.sum(terms.loss * WEIGHTS) / 5.5, rel=1e-5)


def test_weights_stay_with_their_sentences_when_shuffled(make, sentences):
    ids, weights = sentences(40), np.arange(40, dtype=np.float32)
    seen = {}

    class Seen(TextVAE):
        def train_step(self, data):
            seen.update(zip(map(bytes, data[0].numpy()), data[2].numpy(), strict=True))
            return super().train_step(data)

    vae = make(Seen, compile_arguments={"run_eagerly": True})
    ids[:, 1] = np.arange(40) % 8 + 4
    ids[:, 2] = np.arange(40) // 8 + 4
    ids[:, 3:] = [2, 0, 0]
    vae.fit(ids, sample_weight=weights, batch_size=16, verbose=0)
    assert seen == dict(zip(map(bytes, ids), weights, strict=True))
    assert list(seen) != list(map(bytes, ids))
    with pytest.raises(InputError, match=r"40 sentences and sample_weight of shape \(39,\)"):
        vae.fit(ids, sample_weight=weights[:39], verbose=0)


def test_weights_of_one_change_nothing(make, sentences):
    ids, models = sentences(4), (make(ScaleVAE), make(ScaleVAE))
    for model, weight in zip(models, (None, np.ones(4, np.float32)), strict=True):
        model.train_on_batch(ids, sample_weight=weight)
    for one, other in zip(*map(weights_of, models), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


@pytest.mark.parametrize("scaled", [False, True])
def test_a_batch_without_weight_changes_no_weight(make, sentences, scaled):
    optimizer = keras.optimizers.AdamW(0.1, weight_decay=0.1)
    if scaled:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=64.0)
    vae = make(optimizer=optimizer)
    ids = sentences(4)
    vae.train_on_batch(ids)
    before, iterations = weights_of(vae), int(vae.optimizer.iterations)
    logs = vae.train_on_batch(ids, sample_weight=np.zeros(4, np.float32), return_dict=True)
    for now, old in zip(weights_of(vae), before, strict=True):
        np.testing.assert_array_equal(now, old)
    assert int(vae.optimizer.iterations) == iterations
    assert float(vae.skipped_steps) == 0
    assert all(np.isnan(logs[name]) for name in NAMES)
    if scaled:
        assert float(optimizer.dynamic_scale) == 64


def test_what_compile_refuses():
    vae = LanguageModel(12, 5, 6)
    for name, value in {"loss": "mse", "metrics": ["mae"], "weighted_metrics": ["mae"]}.items():
        with pytest.raises(InputError, match=f"no {name}: the loss is the model's own") as caught:
            vae.compile("sgd", **{name: value})
        assert "\n" not in str(caught.value)


def test_targets_and_class_weights_are_refused(make, sentences):
    vae, ids = make(), sentences(4)
    for arguments in ({"y": ids}, {"class_weight": {0: 1.0}}):
        with pytest.raises(InputError, match="loss is computed from the ids alone") as caught:
            vae.fit(ids, verbose=0, **arguments)
        assert "\n" not in str(caught.value)
    pairs = tf.data.Dataset.from_tensors((ids, ids))
    for use in (vae.fit, vae.evaluate):
        with pytest.raises(InputError, match="a target y has no meaning here"):
            use(pairs, verbose=0, **({"shuffle": False} if use == vae.fit else {}))
    with pytest.raises(InputError, match=r"sample_weight of shape \(4, 2\): give one each"):
        vae.train_on_batch(ids, sample_weight=np.ones((4, 2), np.float32))


class Added(TextVAE):
    """A model that adds a loss of its own."""

    def call(self, ids, training=False):
        terms = super().call(ids, training)
        self.add_loss(2.0 * tf.reduce_mean(terms.kl))
        return terms


def test_regularizers_are_added_to_the_loss_and_shown(make, sentences):
    ids = sentences(4)
    plain, regularized = make(), make()
    kernel = regularized.decoder.output_kernel
    kernel.regularizer = keras.regularizers.L2(0.1)
    start = np.array(kernel)
    expected = plain.train_on_batch(ids, return_dict=True)
    logs = regularized.train_on_batch(ids, return_dict=True)
    assert logs["loss"] == pytest.approx(expected["loss"] + 0.1 * np.sum(start**2), rel=1e-5)
    assert logs["reconstruction"] == pytest.approx(expected["reconstruction"], rel=1e-6)
    np.testing.assert_allclose(
        kernel, np.array(plain.decoder.output_kernel) - 0.5 * 0.2 * start, rtol=1e-4, atol=1e-6
    )


def test_an_added_loss_is_added_to_the_loss_and_shown(make, sentences):
    ids = sentences(4)
    plain, added = make(optimizer=keras.optimizers.SGD(1e-9)), make(Added)
    expected = plain.train_on_batch(ids, return_dict=True)
    first = np.array(added.gaussian_posterior.kernel)
    logs = added.train_on_batch(ids, return_dict=True)
    assert logs["loss"] == pytest.approx(expected["loss"] + 2 * expected["kl"], rel=1e-5)
    evaluated = added.test_on_batch(ids, return_dict=True)
    assert evaluated["loss"] == pytest.approx(
        evaluated["reconstruction"] + 3 * evaluated["kl"], rel=1e-5
    )
    tripled = make()
    tripled.kl_weight.assign(3.0)
    tripled.train_on_batch(ids)
    np.testing.assert_allclose(
        added.gaussian_posterior.kernel, tripled.gaussian_posterior.kernel, rtol=1e-4, atol=1e-7
    )
    assert np.abs(first - np.array(added.gaussian_posterior.kernel)).max() > 1e-5
