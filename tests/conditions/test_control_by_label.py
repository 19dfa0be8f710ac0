"""Attribute vectors, shifts and searches of models of text given a label."""

import numpy as np
import pytest
from made_models import made_model

import scale_vae_keras as sv
from scale_vae_keras.control.realism import prior_codes, realism_bounds
from scale_vae_keras.errors import InputError

TEXTS = ["the cat sat", "a dog sat", "the dog", "mat"]
LABELS = ["bad", "good", "good", "bad"]
TOKENIZER = sv.Tokenizer(sv.Vocabulary(["a", "cat", "dog", "mat", "on", "sat", "the"]), "words", 6)


def made(**arguments):
    condition = {"condition": "label", "labels": ("bad", "good"), **arguments}
    model = made_model(sv.TextVAE, 11, decoder_initializer_range=2.0, **condition)
    return sv.TextModel(model, TOKENIZER)


@pytest.fixture(scope="module")
def plain():
    return made()


@pytest.fixture(scope="module")
def reading():
    return made(condition_encoder=True)


def test_a_vector_is_of_the_codes_of_texts_with_their_labels(plain, reading):
    sides = TEXTS[:2], TEXTS[2:]
    found = reading.attribute_vector(*sides, LABELS[:2], "bad")
    codes = reading.encode(TEXTS, [*LABELS[:2], "bad", "bad"]).mean
    expected = codes[2:].mean(axis=0) - codes[:2].mean(axis=0)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    assert np.abs(found - reading.attribute_vector(*sides, "good", "bad")).max() > 1e-4
    same = plain.attribute_vector(*sides)
    np.testing.assert_array_equal(same, plain.attribute_vector(*sides, LABELS[:2], "bad"))


def test_labels_of_a_vector_are_checked(plain, reading):
    with pytest.raises(InputError, match="give label, one of bad, good"):
        reading.attribute_vector(TEXTS, TEXTS)
    for model in (plain, reading):
        with pytest.raises(InputError, match="unknown label 'fine': choose bad, good"):
            model.attribute_vector(TEXTS, TEXTS, "bad", "fine")
        with pytest.raises(InputError, match="4 sentences have 1 labels"):
            model.attribute_vector(TEXTS, TEXTS, ["bad"], "bad")
    alone = sv.TextModel(made_model(sv.TextVAE, 11), TOKENIZER)
    with pytest.raises(InputError, match="trained without a condition: leave label out"):
        alone.attribute_vector(TEXTS, TEXTS, "bad", "good")


def test_a_shift_writes_one_label_and_reads_another(plain, reading):
    vector = np.float32([0.5, -1])
    for model in (plain, reading):
        code = model.encode(TEXTS, LABELS).mean + vector
        given = {"label": "good", "text_label": LABELS}
        assert model.shift(TEXTS, vector, **given) == model.decode(code, label="good")
        with pytest.raises(InputError, match="give label, one of bad, good"):
            model.shift(TEXTS, vector, text_label="bad")
        with pytest.raises(InputError, match="unknown label 'fine': choose bad, good"):
            model.shift(TEXTS, vector, label="good", text_label="fine")
    own = reading.shift(TEXTS, vector, label=LABELS)
    assert own == reading.decode(reading.encode(TEXTS, LABELS).mean + vector, label=LABELS)


def test_interpolated_and_perturbed_sentences_have_a_label_each(plain):
    three = ["bad", "good", "bad"]
    assert len(plain.interpolate(*TEXTS[:2], 3, label=three)) == 3
    assert len(plain.perturb(TEXTS[0], 3, label=three)) == 3


def test_a_search_writes_and_reads_with_its_label(reading):
    pytest.importorskip("sklearn", reason="needs the extra control")
    asked = []
    found = reading.search(lambda text: asked.append(text) or len(text), 8, seed=1, label="good")
    assert {each.text for each in found} == set(asked)
    # The first texts are samples of the prior, written with the label.
    codes = prior_codes(reading, 512, int(np.random.default_rng([1, 0]).integers(2**31)))
    written = {name: reading.decode(codes, label=name) for name in ("bad", "good")}
    assert set(asked) <= set(written["good"])
    assert not set(asked) <= set(written["bad"])
    search = sv.control.Search(reading, seed=1, label="good")
    assert search.ask(8) == asked
    bounds = realism_bounds(reading, seed=1, label="good")
    assert search.realism.distance == bounds.distance
    again = reading.encode(written["good"], "good").mean
    assert bounds.agree(codes, again).mean() == pytest.approx(0.95, abs=0.05)
    search.tell(TEXTS, range(4))
    told = np.stack([search._codes[text] for text in TEXTS])
    np.testing.assert_allclose(told, reading.encode(TEXTS, "good").mean, atol=1e-6)


def test_the_label_of_a_search_is_checked_before_anything_is_drawn(plain):
    pytest.importorskip("sklearn", reason="needs the extra control")
    for label, message in (
        (None, "give label, one of bad, good"),
        ("fine", "unknown label 'fine': choose bad, good"),
        (["bad", "good"], "1 sentences have 2 labels"),
    ):
        with pytest.raises(InputError, match=message):
            sv.control.Search(plain, len, label=label)
    with pytest.raises(InputError, match="give label, one of bad, good"):
        plain.search(len)
    alone = sv.TextModel(made_model(sv.TextVAE, 11), TOKENIZER)
    with pytest.raises(InputError, match="leave label out"):
        alone.search(len, label="bad")
