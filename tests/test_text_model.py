"""Strings in, strings out, by what model and tokenizer do one by one."""

import math

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from made_models import made_model

import scale_vae_keras as sv
from scale_vae_keras.errors import InputError
from scale_vae_keras.samplers.serialization import DEFAULT_SAMPLER

TEXTS = ["the cat sat", "a dog sat", "the dog", ""]


@pytest.fixture(scope="module")
def text_model():
    tokenizer = sv.Tokenizer(
        sv.Vocabulary(["a", "cat", "dog", "mat", "on", "sat", "the"]), "words", 6
    )
    model = made_model(sv.ScaleVAE, 11, factor=[2.0, 3.0], decoder_initializer_range=2.0)
    return sv.TextModel(model, tokenizer)


def texts_of(text_model, sentences):
    return [text.decode() for text in text_model.tokenizer.detokenize(sentences.ids).numpy()]


def test_generate(text_model):
    assert text_model.max_length == 7
    written = text_model.generate(6, seed=2)
    sentences = text_model.model.generate(6, 2, DEFAULT_SAMPLER, 7)
    assert written == texts_of(text_model, sentences)
    assert DEFAULT_SAMPLER.p == 0.9
    assert text_model.generate(3, seed=2) == written[:3]
    greedy = text_model.generate(6, seed=2, sampler="greedy")
    assert greedy == texts_of(text_model, text_model.model.generate(6, 2, "greedy", 7))


@pytest.mark.parametrize("code", [3e38, 1e300, -1000001, float("nan"), float("-inf")])
@pytest.mark.parametrize("sampler", [None, "beam", "top_p"])
def test_codes_that_cannot_be_decoded_are_refused(text_model, code, sampler):
    with pytest.raises(InputError, match="z must be finite and at most 1,000,000 in size"):
        text_model.decode(np.array([[0.0, 0.0], [0.0, code]]), sampler)


def test_log_probabilities_of_the_largest_codes_are_finite(text_model):
    model = text_model.model
    assert model.largest_code == 1e6
    codes = np.array([[1e6, -1e6], [-1e6, -1e6]], np.float32)
    for sampler in ("greedy", "beam", "top_p"):
        assert np.isfinite(model.decode(codes, sampler, max_length=5).log_probability).all()
    half = sv.ScaleVAE(11, latent_dim=2, embedding_dim=3, units=4, dtype="mixed_float16")
    assert half.largest_code == 1000
    assert np.isfinite(half.decode(codes / 1000, max_length=5).log_probability).all()


def test_texts_are_lines_as_those_of_a_corpus():
    lines = ["the cat sat", "a dog"]
    tokenizer = sv.Tokenizer(sv.text.PieceVocabulary(sorted(set("".join(lines)))), "characters")
    text_model = sv.TextModel(made_model(sv.ScaleVAE, len(tokenizer.vocabulary)), tokenizer)
    broken = ["the\tcat\r\nsat\n", "\na\u2028dog"]
    np.testing.assert_array_equal(text_model.encode(broken).mean, text_model.encode(lines).mean)
    np.testing.assert_array_equal(
        text_model.score(broken, 2).log_likelihood, text_model.score(lines, 2).log_likelihood
    )
    spaced = text_model.encode(" the cat sat").mean
    assert not np.array_equal(spaced[0], text_model.encode(lines).mean[0])


def test_encode_decode_and_reconstruct(text_model):
    codes = text_model.encode(TEXTS)
    assert codes.mean.shape == codes.stddev.shape == (4, 2)
    for i, text in enumerate(TEXTS):
        posterior = text_model.model.encode(text_model.tokenizer([text]).to_tensor())
        np.testing.assert_allclose(codes.mean[i], posterior.mean[0], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(codes.stddev[i], posterior.stddev[0], rtol=1e-5)
    written = text_model.decode(codes.mean)
    assert written == text_model.reconstruct(TEXTS)
    assert written == texts_of(text_model, text_model.model.decode(codes.mean, max_length=7))


def test_long_lists_are_divided(text_model):
    codes = np.random.default_rng(0).normal(size=(600, 2)).astype(np.float32)
    whole = texts_of(text_model, text_model.model.decode(codes, max_length=7))
    assert text_model.decode(codes) == whole


def test_interpolation_begins_and_ends_with_the_reconstructions(text_model):
    steps = text_model.interpolate(TEXTS[0], TEXTS[1], steps=4)
    assert len(steps) == 4
    assert [steps[0], steps[-1]] == text_model.reconstruct(TEXTS[:2])


def test_perturbations(text_model):
    assert text_model.perturb(TEXTS[0], n=3, scale=0) == text_model.reconstruct([TEXTS[0]] * 3)
    mean, stddev = text_model.encode([TEXTS[0]])
    noise = np.random.default_rng(5).standard_normal((4, 2), np.float32)
    expected = text_model.decode(mean + 2.5 * stddev * noise)
    assert text_model.perturb(TEXTS[0], n=4, scale=2.5, seed=5) == expected


def test_a_shift_adds_the_difference_of_the_mean_codes(text_model):
    means = text_model.encode(TEXTS).mean
    vector = text_model.attribute_vector(TEXTS[:1], iter(TEXTS[1:3]))
    np.testing.assert_allclose(vector, means[1:3].mean(axis=0) - means[0], rtol=1e-5)
    written = text_model.shift(TEXTS, vector, -3.0)
    assert written == text_model.decode(means - 3 * vector)
    assert written != text_model.reconstruct(TEXTS)
    assert text_model.shift(TEXTS, vector, 0.0) == text_model.reconstruct(TEXTS)
    assert text_model.shift(TEXTS, vector) == text_model.decode(means + vector)
    drawn = text_model.shift(TEXTS, vector, 1.0, "top_p", seed=3)
    assert drawn == text_model.decode(means + vector, "top_p", 3)


def test_a_search_calls_the_property_on_different_texts(text_model):
    pytest.importorskip("sklearn", reason="needs the extra control")
    called = []

    def cats(text):
        called.append(text)
        return text.count("cat")

    found = text_model.search(cats, n=20, seed=1)
    assert len(set(called)) == 20
    assert {each.text for each in found} == set(called)
    values = [each.value for each in found]
    assert values == sorted(values, reverse=True)
    assert values == [each.text.count("cat") for each in found]
    assert found == sv.control.Search(text_model, cats, 1).run(20)
    assert found != text_model.search(cats, n=20, seed=2)


def test_the_nearest_text_is_the_text_itself(text_model):
    found = text_model.nearest(TEXTS[1], TEXTS, n=3)
    assert found[0].text == TEXTS[1]
    assert found[0].distance == pytest.approx(0, abs=1e-6)
    means = text_model.encode(TEXTS).mean
    distances = np.linalg.norm(means - means[1], axis=1)
    assert [each.distance for each in found] == pytest.approx(sorted(distances)[:3], abs=1e-5)


def test_scores_are_likelihoods(text_model):
    scores = text_model.score(TEXTS, samples=20, seed=4)
    ids = text_model.tokenizer(TEXTS).to_tensor()
    expected = text_model.model.log_likelihood(ids, samples=20, seed=4)
    np.testing.assert_allclose(scores.log_likelihood, expected, rtol=1e-4)
    sizes = np.array([11, 9, 7])
    bits = -np.array(expected)[:3] / (math.log(2) * sizes)
    np.testing.assert_allclose(scores.bits_per_byte[:3], bits, rtol=1e-4)
    assert np.isnan(scores.bits_per_byte[3])
    assert ((scores.ess >= 1) & (scores.ess <= 20 + 1e-6)).all()
    errors = np.sqrt((20 / scores.ess - 1) / 19)
    np.testing.assert_allclose(scores.standard_error, errors, atol=1e-6)
    assert (scores.standard_error > 0).any()
    assert np.isnan(text_model.score(TEXTS, samples=1).standard_error).all()
    assert scores.tokens.tolist() == [4, 4, 3, 1]
    per_token = -np.array(expected) / scores.tokens
    np.testing.assert_allclose(scores.nats_per_token, per_token, rtol=1e-4)
    assert scores.oddest().tolist() == np.argsort(-per_token).tolist()
    assert scores.oddest(2).tolist() == np.argsort(-per_token)[:2].tolist()


def test_saved_and_loaded(text_model, tmp_path):
    text_model.save(tmp_path / "saved")
    loaded = sv.load(tmp_path / "saved")
    assert loaded.generate(4, seed=1) == text_model.generate(4, seed=1)
    assert loaded.reconstruct(TEXTS) == text_model.reconstruct(TEXTS)
    with pytest.raises(InputError, match="already there"):
        text_model.save(tmp_path / "saved")
    for length in (5, None):
        path = tmp_path / f"saved-{length}"
        sv.TextModel(text_model.model, text_model.tokenizer, length).save(path)
        limit = text_model.tokenizer.max_length
        assert sv.load(path).max_length == (length or (100 if limit is None else limit + 1))
    (path / "max_length.json").unlink()
    assert sv.load(path).max_length == (100 if limit is None else limit + 1)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="not a run folder"):
        sv.load(tmp_path / "empty")


class LowerCase(sv.Tokenizer):
    def split(self, strings):
        return super().split(tf.strings.lower(strings))


def test_a_tokenizer_of_ones_own_is_not_saved_as_another(text_model, tmp_path):
    own = LowerCase(text_model.tokenizer.vocabulary)
    for save in (own.save, sv.TextModel(text_model.model, own).save):
        with pytest.raises(InputError, match="LowerCase is a tokenizer of your own"):
            save(tmp_path / "saved")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "[]", "{}", "3"])
def test_a_saved_length_that_cannot_be_read_is_named(text_model, tmp_path, content):
    text_model.save(tmp_path / "saved")
    (tmp_path / "saved" / "max_length.json").write_text(content)
    with pytest.raises(
        InputError, match=r"max_length\.json cannot be read: save the model again \("
    ):
        sv.load(tmp_path / "saved")


def test_a_tokenizer_of_another_model_is_refused(text_model):
    other = sv.Tokenizer(sv.Vocabulary(["a"]))
    with pytest.raises(InputError, match="the tokenizer has 5 tokens and the model 11"):
        sv.TextModel(text_model.model, other)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.encode([]), "at least one text"),
        (lambda m: m.encode([3]), "text 0 is of type int: give strings"),
        (lambda m: m.encode({"text": ["a"]}), r"texts are a dict: give one of its columns"),
        (lambda m: m.encode(pd.DataFrame({"text": ["a"]})), r"texts are a DataFrame: give one"),
        (lambda m: m.perturb("a", seed=-1), "seed must be a whole number from 0 to"),
        (lambda m: m.generate(2, label=1), "labels go by name: give strings, such as '1'"),
        (lambda m: m.score(["a", "b"], label=[1, 2]), "labels go by name"),
        (lambda m: m.encode(["a", "caf\udce9"]), "text 1 holds half of a surrogate pair"),
        (lambda m: m.interpolate("a", "caf\udce9"), "holds half of a surrogate pair"),
        (lambda m: m.interpolate("a", "cat", 1), "steps must be at least 2, got 1"),
        (lambda m: m.perturb("a", n=0), "at least 1"),
        (lambda m: m.perturb("a", scale=-1), "scale must be at least 0"),
        (lambda m: m.nearest("a", TEXTS, 0), "neighbours must be at least 1"),
        (lambda m: m.score(["a"], samples=0), "samples must be at least 1"),
        (lambda m: m.attribute_vector([], ["a"]), "at least one text"),
        (lambda m: m.shift(["a"], np.ones(3)), r"vector has shape \(3,\): .* the 2 dimensions"),
        (lambda m: m.shift(["a"], np.ones(2), math.nan), "amount must be finite"),
        (lambda m: m.shift(["a"], [1, math.inf]), "the vector must be finite"),
        (lambda m: m.shift(["a"], [1e30, 1], 1e30), "z must be finite and at most"),
        (lambda m: m.search(len, n=0), "calls must be at least 1"),
        (lambda m: m.search(len, n=1.5), "calls must be a whole number, got 1.5"),
        (lambda m: m.generate("3"), "sentences must be a whole number from 1 to 2,147,483,647"),
        (lambda m: m.generate(10**12), "from 1 to 2,147,483,647, got 1000000000000"),
        (lambda m: m.generate(1, sampler=""), "sampler must be one of"),
        (lambda m: m.decode([[1j, 0]]), "codes must be an array of numbers"),
        (lambda m: m.score(None), "texts must be a string or several, got None"),
        (lambda m: m.score(b"a b"), "texts must be a string or several, got b'a b'"),
        (lambda m: m.encode(3), "texts must be a string or several, got 3"),
        (lambda m: m.generate(2, seed=None), "seed must be a whole number, got None"),
        (lambda m: m.perturb("a", n=2.0), "number of sentences must be a whole number, got 2.0"),
        (lambda m: m.interpolate("a", "cat", 2.5), "steps must be a whole number, got 2.5"),
        (lambda m: m.nearest("a", TEXTS, 2.5), "neighbours must be a whole number, got 2.5"),
        (lambda m: m.score(["a"], samples=2.5), "samples must be a whole number, got 2.5"),
        (lambda m: sv.TextModel(m.model, m.tokenizer, 2.5), "max_length must be a whole number"),
        (lambda m: sv.TextModel(m.model, m.tokenizer, 0), "max_length must be at least 1, got 0"),
    ],
)
def test_refusals(text_model, call, message):
    with pytest.raises(InputError, match=message):
        call(text_model)


def test_a_language_model_generates_and_scores_alone():
    tokenizer = sv.Tokenizer(sv.Vocabulary(["a", "cat", "sat"]))
    model = sv.LanguageModel(7, embedding_dim=3, units=4)
    model.build((None, None))
    text_model = sv.TextModel(model, tokenizer)
    assert len(text_model.generate(2)) == 2
    exact = model.log_likelihood(tokenizer(["a cat sat"]).to_tensor())
    assert text_model.score(["a cat sat"]).log_likelihood == pytest.approx(exact, rel=1e-4)
    # One pass: a likelihood that is exact needs no more samples.
    assert text_model.score(["a cat sat"], samples=100).ess.tolist() == [1.0]
    assert text_model.score(["a cat sat"]).standard_error.tolist() == [0.0]
    with pytest.raises(InputError, match="no latent code"):
        text_model.encode(["a cat"])
    with pytest.raises(InputError, match="no latent code"):
        text_model.search(len)


def test_a_string_is_one_text(text_model):
    text = "the cat sat"
    assert text_model.reconstruct(text) == text_model.reconstruct([text])
    np.testing.assert_array_equal(text_model.encode(text).mean, text_model.encode([text]).mean)
    assert [near.text for near in text_model.nearest(text, "a dog")] == ["a dog"]
    vector = text_model.attribute_vector("a dog", text)
    np.testing.assert_array_equal(vector, text_model.attribute_vector(["a dog"], [text]))


def test_texts_that_are_cut_are_warned_of(text_model, caplog):
    text_model.score(["the cat sat on the mat", "the cat sat on the mat on the mat"])
    assert caplog.messages == ["1 of 2 texts were cut after 6 tokens, the tokenizer's max_length"]


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (3.0, r"codes have shape \(\): give an array \[texts, latent\]"),
        ([0.0, 0.0], r"codes have shape \(2,\): give an array"),
        ("abc", "codes must be an array of numbers, got 'abc'"),
        ([[1, 2], [3]], r"codes must be an array of numbers, got \[\[1, 2\], \[3\]\]"),
    ],
)
def test_what_is_no_array_of_codes_is_refused(text_model, codes, message):
    with pytest.raises(InputError, match=message):
        text_model.decode(codes)


def test_what_is_no_vector_is_refused(text_model):
    with pytest.raises(InputError, match="the vector must be an array of numbers, got 'xy'"):
        text_model.shift(["a"], "xy")
