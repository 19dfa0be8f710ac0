import keras
import numpy as np
import pytest
import tensorflow as tf
from made_models import set_factor

from scale_vae_keras.callbacks import EpochAverageScale
from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.evaluate import evaluate_model
from scale_vae_keras.layers.posterior import Posterior
from scale_vae_keras.models import ScaleVAE, TextVAE


def batches(ids, size):
    return tf.data.Dataset.from_tensor_slices(ids).batch(size)


def test_with_a_factor_of_one_it_is_the_plain_vae(make, sentences):
    plain, scaled = make(TextVAE, dropout=0.3), make(ScaleVAE, dropout=0.3)
    set_factor(scaled, [1.0, 1.0])
    scaled.posterior_scale.put_in_effect(True)
    for seed in range(3):
        ids = sentences(8, seed)
        expected, actual = (
            model.train_on_batch(ids, return_dict=True) for model in (plain, scaled)
        )
        assert actual == expected
        for one, other in zip(plain.trainable_weights, scaled.trainable_weights, strict=True):
            assert one.path.split("/")[1:] == other.path.split("/")[1:]
            np.testing.assert_array_equal(one, other)
    assert float(scaled.posterior_scale.record_count) == 3


def test_the_decoder_is_fed_scaled_means_and_the_kl_is_charged_on_unscaled_ones(make, sentences):
    vae, ids = make(ScaleVAE), sentences(5)
    set_factor(vae, [3.0, 0.5])
    own = vae.posterior(ids)
    sampled = vae.encode(ids)
    np.testing.assert_allclose(sampled.mean, [3.0, 0.5] * np.array(own.mean), rtol=1e-6)
    np.testing.assert_array_equal(sampled.log_var, own.log_var)
    expected = 0.5 * np.sum(
        np.square(own.mean) + np.exp(own.log_var) - np.array(own.log_var) - 1, axis=1
    )
    np.testing.assert_allclose(vae(ids).kl, expected, rtol=1e-4)
    prior = np.array([[1.0, 2.0], [-1.0, 0.0]], np.float32)
    np.testing.assert_allclose(vae.decoder_input(prior), [[3, 1], [-3, 0]])


def test_evaluation_does_not_depend_on_the_batch(make, sentences):
    vae, ids = make(ScaleVAE), sentences(6)
    set_factor(vae, [3.0, 0.5])
    mean = np.array(vae.encode(ids).mean)
    alone = np.concatenate([vae.encode(ids[row : row + 1]).mean for row in range(6)])
    np.testing.assert_allclose(alone, mean, rtol=1e-5, atol=1e-7)


def test_a_batch_of_one_trains(make, sentences):
    vae = make(ScaleVAE, compile_arguments={"run_eagerly": True})
    before = np.array(vae.decoder.output_kernel)
    logs = vae.train_on_batch(sentences(1), return_dict=True)
    assert np.isfinite(logs["loss"])
    assert not np.array_equal(vae.decoder.output_kernel, before)
    assert float(vae.posterior_scale.record_count) == 0
    assert float(vae.posterior_scale.unrecorded) == 1
    np.testing.assert_array_equal(vae.posterior_scale.factor(), [1, 1])


def test_tail_batches_of_an_epoch_train_and_are_not_recorded(make, sentences):
    vae = make(ScaleVAE, keras.optimizers.SGD(1e-12))
    ids = sentences(11)
    vae.fit(batches(ids, 4), callbacks=[EpochAverageScale()], shuffle=False, verbose=0)
    mean = np.array(vae.posterior(ids).mean)
    factors = [0.7 / mean[rows].std(axis=0, ddof=1) for rows in (slice(0, 4), slice(4, 8))]
    np.testing.assert_allclose(vae.posterior_scale.average, np.mean(factors, axis=0), rtol=1e-4)
    assert float(vae.posterior_scale.unrecorded) == 1


def test_the_model_file_carries_the_factor(make, sentences, tmp_path):
    vae = make(ScaleVAE, optimizer=keras.optimizers.Adam(0.01))
    ids = sentences(8)
    vae.fit(batches(ids, 4), epochs=2, callbacks=[EpochAverageScale()], shuffle=False, verbose=0)
    vae.save(tmp_path / "model.keras")
    copy = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    for one, other in zip(vae.weights, copy.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    assert float(copy.posterior_scale.in_effect) == 1
    np.testing.assert_array_equal(copy(ids).loss, vae(ids).loss)
    for model in (vae, copy):
        model.fit(
            batches(ids, 4),
            initial_epoch=2,
            epochs=3,
            callbacks=[EpochAverageScale()],
            shuffle=False,
            verbose=0,
        )
    for one, other in zip(vae.weights, copy.weights, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("bound", "weight"), [("paper", 0), ("annealed", 0.25), ("annealed", 1), ("proper", 1)]
)
def test_the_rate_is_what_the_bound_charges(make, sentences, bound, weight, training):
    vae, ids = make(ScaleVAE, bound=bound), sentences(8)
    set_factor(vae, [3.0, 0.5])
    if bound == "annealed":
        vae.bound_weight.assign(weight)
    own = vae.posterior(ids)
    mean, variance = np.float64(own.mean), np.exp(np.float64(own.log_var))
    factor = 0.7 / mean.std(axis=0, ddof=1) if training else np.array([3.0, 0.5])
    kl = 0.5 * (mean**2 + variance - np.log(variance) - 1)
    scaled_kl = 0.5 * (mean**2 + variance / factor**2 - 1 - np.log(variance) + 2 * np.log(factor))
    terms = vae(ids, training=training)
    np.testing.assert_allclose(terms.kl, kl.sum(axis=1), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(
        terms.loss - terms.reconstruction,
        ((1 - weight) * kl + weight * scaled_kl).sum(axis=1),
        rtol=1e-5,
        atol=2e-6,
    )


@pytest.mark.parametrize(("weight", "other"), [(0.0, "paper"), (1.0, "proper")])
def test_the_annealed_bound_starts_as_the_paper_s_and_ends_as_the_proper_one(
    make, sentences, weight, other
):
    annealed = make(ScaleVAE, bound="annealed", dropout=0.3)
    annealed.bound_weight.assign(weight)
    reference = make(ScaleVAE, bound=other, dropout=0.3)
    for in_effect in (False, True):
        for model in (annealed, reference):
            set_factor(model, [3.0, 0.5])
            model.posterior_scale.put_in_effect(in_effect)
        ids = sentences(8, int(in_effect))
        logs = [model.train_on_batch(ids, return_dict=True) for model in (annealed, reference)]
        assert logs[0] == pytest.approx(logs[1], rel=1e-6)
        for one, two in zip(annealed.trainable_weights, reference.trainable_weights, strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(annealed(ids).loss, reference(ids).loss, rtol=1e-6)


@pytest.mark.parametrize("factor", [[3.0, 1.5], [0.4, 0.9]])
def test_the_proper_bound_is_that_of_the_generator(make, sentences, factor):
    vae, ids = make(ScaleVAE, bound="proper"), sentences(40)
    set_factor(vae, factor)
    lengths = np.argmax(ids == 2, axis=1) + 1
    split = EncodedSplit(
        np.concatenate([row[:length] for row, length in zip(ids, lengths, strict=True)]),
        np.concatenate([[0], np.cumsum(lengths)]),
        labels=None,
        empty=0,
        truncated=0,
    )
    metrics = evaluate_model(vae, split, samples=200)
    terms = vae(ids)
    charged = np.mean(terms.loss - terms.reconstruction)
    assert metrics["kl_scaled_prior"] == pytest.approx(charged, rel=1e-5)
    assert metrics["elbo_nll"] >= metrics["iw_nll"]
    assert metrics["elbo_nll"] == metrics["reconstruction"] + metrics["kl_scaled_prior"]


def test_the_proper_bound_is_the_plain_vae_s_in_other_coordinates(make, sentences):
    factor = np.float32([3.0, 0.5])

    class Rescaled(TextVAE):
        """A plain VAE of u = z / f: the decoder multiplies it by f before anything else."""

        def posterior(self, ids, training=False):
            mean, log_var = super().posterior(ids, training)
            return Posterior(mean, log_var - 2 * np.log(factor))

        def _reconstruct(self, ids, z, training, seed):
            return super()._reconstruct(ids, factor * z, training, seed)

    plain, proper = make(Rescaled, dropout=0.3), make(ScaleVAE, dropout=0.3, bound="proper")
    set_factor(proper, factor)
    proper.posterior_scale.put_in_effect(True)
    for seed, training in enumerate((False, True)):
        ids = sentences(8, seed)
        expected, actual = (model(ids, training=training) for model in (plain, proper))
        np.testing.assert_allclose(actual.reconstruction, expected.reconstruction, rtol=1e-5)
        np.testing.assert_allclose(actual.loss, expected.loss, rtol=1e-5)


def test_an_unknown_bound(make):
    with pytest.raises(InputError, match="bound must be one of paper, proper, annealed"):
        make(ScaleVAE, bound="tight")


def own_messages(caplog):
    return [record.message for record in caplog.records if record.name == "scale_vae_keras"]


def test_fit_without_the_epoch_average_warns_once(make, sentences, caplog):
    caplog.set_level("WARNING", logger="scale_vae_keras")
    data = batches(sentences(8), 4)
    vae = make(ScaleVAE)
    for _ in range(2):
        vae.fit(data, shuffle=False, verbose=0)
    [message] = own_messages(caplog)
    assert "no EpochAverageScale among its callbacks" in message


@pytest.mark.parametrize("kind", ["one", "list", "callback list", "positional"])
def test_fit_with_the_epoch_average_is_silent(make, sentences, caplog, kind):
    caplog.set_level("WARNING", logger="scale_vae_keras")
    data, callback, vae = batches(sentences(8), 4), EpochAverageScale(), make(ScaleVAE)
    if kind == "positional":
        vae.fit(data, None, None, 1, 0, [callback], shuffle=False)
    else:
        given = {
            "one": callback,
            "list": [keras.callbacks.Callback(), callback],
            "callback list": keras.callbacks.CallbackList([callback], True, model=vae),
        }[kind]
        vae.fit(data, shuffle=False, verbose=0, callbacks=given)
    assert own_messages(caplog) == []
