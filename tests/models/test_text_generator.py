import numpy as np
import pytest
from made_models import set_factor

from scale_vae_keras.errors import InputError
from scale_vae_keras.models import ScaleVAE, TextVAE, text_generator
from scale_vae_keras.samplers import GreedySampler, TemperatureSampler
from scale_vae_keras.samplers.row_random import row_normals, row_seeds

BOTH = pytest.mark.parametrize("model", [TextVAE, ScaleVAE])


def factor_of(vae, factor):
    if isinstance(vae, ScaleVAE):
        set_factor(vae, factor)
        return np.array(factor, np.float32)
    return np.ones(2, np.float32)


def assert_sentences(ids, max_length):
    ids = np.array(ids)
    assert ids.shape[1] <= max_length
    assert not np.isin(ids, 1).any()
    for row in ids:
        words = row[: np.argmax(row == 2)] if (row == 2).any() else row
        assert (words >= 2).all()
        assert (row[len(words) + 1 :] == 0).all()


@BOTH
def test_generated_sentences_are_written_from_f_times_z(make, model):
    vae = make(model)
    factor = factor_of(vae, [3.0, 0.5])
    written = vae.generate(40, seed=3, max_length=8)
    assert_sentences(written.ids, 8)
    assert len({tuple(row) for row in np.array(written.ids)}) > 10
    started = np.pad(written.ids, ((0, 0), (1, 0)), constant_values=1)
    np.testing.assert_allclose(written.log_probability, vae.decoder(started, written.z), rtol=1e-4)
    prior = row_normals(row_seeds(40, 3), vae.latent_dim)
    np.testing.assert_allclose(written.z, factor * prior, rtol=1e-6)


def test_prior_samples_are_standard_normal(make):
    z = np.array(make().generate(1500, seed=1, max_length=1).z)
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=0.1)
    np.testing.assert_allclose(z.std(axis=0), 1, atol=0.07)
    assert abs(np.corrcoef(z.T)[0, 1]) < 0.1


def test_the_same_seed_gives_the_same_sentences_and_more_begin_with_the_same(make):
    vae = make()
    five, again, eight, other = (
        vae.generate(count, seed=seed, max_length=7)
        for count, seed in ((5, 1), (5, 1), (8, 1), (5, 2))
    )
    np.testing.assert_array_equal(five.ids, again.ids)
    width = min(five.ids.shape[1], eight.ids.shape[1])
    np.testing.assert_array_equal(five.ids[:, :width], eight.ids[:5, :width])
    np.testing.assert_array_equal(five.z, eight.z[:5])
    assert not np.array_equal(five.z, other.z)


def test_row_seeds():
    np.testing.assert_array_equal(row_seeds(3, 7), row_seeds(9, 7)[:3])
    assert len(set(row_seeds(100, 7))) == 100
    assert row_seeds(3, 7).dtype == np.int64


@BOTH
def test_reconstruction_decodes_the_mean_greedily(make, sentences, model):
    vae, ids = make(model), sentences(5)
    factor = factor_of(vae, [3.0, 0.5])
    expected = vae.decode(factor * vae.posterior(ids).mean, GreedySampler(), max_length=6)
    actual = vae.reconstruct(ids, max_length=6)
    np.testing.assert_array_equal(actual.ids, expected.ids)
    np.testing.assert_allclose(actual.log_probability, expected.log_probability, rtol=1e-5)


def test_interpolation_ends_at_both_sentences(make, sentences):
    vae = make(ScaleVAE)
    factor_of(vae, [30.0, 30.0])
    start, end = sentences(2)[:1], sentences(2)[1:]
    path = vae.interpolate(start, end, steps=4, max_length=5)
    assert path.ids.shape[0] == 4
    for place, ids in ((0, start), (3, end)):
        np.testing.assert_allclose(
            path.log_probability[place],
            vae.reconstruct(ids, max_length=5).log_probability[0],
            rtol=1e-4,
        )
    means = [np.array(vae.encode(ids).mean) for ids in (start, end)]
    third = vae.decode((2 * means[0] + means[1]) / 3, max_length=5)
    np.testing.assert_allclose(path.log_probability[1], third.log_probability[0], rtol=1e-4)


def test_decode_uses_the_seeds_of_the_rows(make):
    vae = make()
    z = np.zeros((4, 2), np.float32)
    written = vae.decode(z, TemperatureSampler(), seeds=[1, 2, 1, 3], max_length=6)
    np.testing.assert_array_equal(written.ids[0], written.ids[2])
    assert len({tuple(row) for row in np.array(written.ids)}) > 1


@BOTH
def test_sentences_do_not_depend_on_how_many_are_written_at_once(make, model, monkeypatch):
    vae = make(model)
    together = vae.generate(9, seed=3, max_length=8)
    monkeypatch.setattr(text_generator, "_WRITTEN_AT_ONCE", 4)
    apart = vae.generate(9, seed=3, max_length=8)
    np.testing.assert_array_equal(together.ids, apart.ids)
    np.testing.assert_allclose(together.log_probability, apart.log_probability, rtol=1e-5)
    np.testing.assert_array_equal(together.z, apart.z)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda vae, ids: vae.generate(0), "from 1 to 2,147,483,647, got 0"),
        (lambda vae, ids: vae.generate(2, max_length=0), "max_length"),
        (lambda vae, ids: vae.generate(2, seed=-1), "seed"),
        (lambda vae, ids: vae.decode(np.zeros((2, 3))), r"\[batch, 2\]"),
        (lambda vae, ids: vae.decode(np.zeros(2)), r"\[batch, 2\]"),
        (lambda vae, ids: vae.interpolate(ids[:1], ids[1:2], steps=1), "at least 2"),
        (lambda vae, ids: vae.interpolate(ids, ids[:1], steps=4), "one sentence"),
    ],
)
def test_bad_arguments(make, sentences, call, message):
    with pytest.raises(InputError, match=message):
        call(make(), sentences(4))
