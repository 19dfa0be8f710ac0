"""Every system and decoder writes and measures text given a label."""

import re

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from exact_models import as_split
from made_models import made_model
from own_parts import GrowingDecoder
from py_batches import PyBatches

import scale_vae_keras as sv
from scale_vae_keras.conditions import LABEL_WIDTH, numbered
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.encode import encode_sentences
from scale_vae_keras.evaluation.evaluate import evaluate_model
from scale_vae_keras.evaluation.report import metrics_table, notes
from scale_vae_keras.models import SYSTEMS

IDS = np.array([[1, 4, 5, 2], [1, 5, 2, 0], [1, 6, 7, 2], [1, 8, 2, 0]], np.int32)
NAMES = ("bad", "good")
CONDITION = {"condition": "label", "labels": NAMES}
OWN = {"sa": {"refinement_steps": 2}}
PARTS = {
    "cnn": {"decoder": "cnn"},
    "transformer": {"decoder": "transformer", "units": 8, "depth": 1, "heads": 2},
    "encoder": {"condition_encoder": True},
    "skip": {},
}
NUMBERS = np.array([0, 1, 1, 0])


def own_decoder(width):
    return GrowingDecoder(9, 5, 6, width, dropout=0.0, initializer_range=0.5)


def made(system=sv.TextVAE, **arguments):
    sharp = (
        {}
        if "decoder" in arguments and not isinstance(arguments["decoder"], str)
        else {
            "decoder_initializer_range": 0.8,
            "dropout": 0.0,
        }
    )
    if system is sv.LanguageModel:
        keras.utils.set_random_seed(2)
        sizes = {"embedding_dim": 5, "units": 6, **arguments}
        model = system(9, **sizes, **CONDITION, **sharp)
        model.build((None, None))
        return model
    return made_model(system, **{**CONDITION, **sharp, **arguments})


CASES = [
    *(pytest.param(system.model, OWN.get(name, {}), id=name) for name, system in SYSTEMS.items()),
    *(pytest.param(sv.TextVAE, arguments, id=f"vae-{name}") for name, arguments in PARTS.items()),
    pytest.param(sv.LanguageModel, PARTS["transformer"], id="lm-transformer"),
    pytest.param(sv.TextVAE, {"decoder": own_decoder(2 + LABEL_WIDTH)}, id="vae-own"),
]


@pytest.mark.parametrize(("system", "arguments"), CASES)
def test_what_is_written_and_measured_depends_on_the_label(system, arguments):
    model = made(system, **arguments)
    assert model.decoder.latent_dim == model.latent_dim + LABEL_WIDTH
    scores = [model.log_likelihood(IDS, label=name).numpy() for name in NAMES]
    assert np.all(np.abs(scores[0] - scores[1]) > 1e-4)
    mixed = model.log_likelihood(IDS, label=["bad", "good", "bad", "good"]).numpy()
    expected = np.where([True, False] * 2, *scores)
    np.testing.assert_allclose(mixed, expected, rtol=1e-4)
    z = np.zeros([2, model.latent_dim], np.float32)
    both = model.decode(z, max_length=3, label=["bad", "good"])
    assert both.log_probability[0] != both.log_probability[1]
    # a step changes the vectors of the labels of its batch
    model.compile(keras.optimizers.SGD(0.5), run_eagerly=True)
    before = model.label_embedding.embeddings.numpy()
    model.train_on_batch(IDS, ["good"] * 4)
    moved = np.any(model.label_embedding.embeddings.numpy() != before, axis=1)
    assert moved.tolist() == [False, True]


def test_the_posterior_knows_the_label_only_where_it_is_asked_to():
    plain, reading = made(), made(condition_encoder=True)
    assert not plain.encoder_reads_label
    assert reading.encoder_reads_label
    for model, same in ((plain, True), (reading, False)):
        bad, good = (model.encode(IDS, name).mean.numpy() for name in NAMES)
        assert np.array_equal(bad, good) is same
    with pytest.raises(InputError, match="give label, one of bad, good"):
        reading.encode(IDS)
    own = reading.reconstruct(IDS, max_length=4, label="good", text_label="bad")
    code = reading.encode(IDS, "bad").mean
    expected = reading.decode(code, max_length=4, label="good")
    np.testing.assert_array_equal(own.ids, expected.ids)
    split = numbered(as_split([[1, 4, 5, 2], [1, 5, 2]], ["bad", "good"]), NAMES)
    found = encode_sentences(reading, split).mean
    expected = np.concatenate([reading.encode(IDS[[i]], NAMES[i]).mean for i in (0, 1)])
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_saved_model_has_its_labels(tmp_path):
    model = made(semi_supervised=True, classifier_weight=2.0)
    model.compile("sgd", run_eagerly=True)
    model.fit(IDS, np.array([0, 1, -1, 0]), verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.labels == NAMES
    assert loaded.classifier_weight == 2.0
    for a, b in zip(model.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(model.label_probabilities(IDS), loaded.label_probabilities(IDS))
    kept = loaded.generate(3, label="good", max_length=4).ids
    np.testing.assert_array_equal(kept, model.generate(3, label="good", max_length=4).ids)


def test_arrays_datasets_and_names_train_alike():
    weights = {}
    numbers = np.array([0, 1, 1, 0], np.int32)
    given = {
        "numbers": {"x": IDS, "y": numbers},
        "names": {"x": IDS, "y": np.array(["bad", "good", "good", "bad"])},
        "dataset": {"x": tf.data.Dataset.from_tensor_slices((IDS, numbers)).batch(4)},
        "weights": {"x": IDS, "y": numbers, "sample_weight": np.ones(4)},
        "table": {"x": pd.DataFrame(IDS), "y": pd.Series(numbers)},
        "tuple": {"x": tuple(map(tuple, IDS)), "y": ["bad", "good", "good", "bad"]},
        "variable": {"x": tf.Variable(IDS), "y": numbers},
    }
    for name, arguments in given.items():
        model = made()
        model.compile(keras.optimizers.SGD(0.5), run_eagerly=True)
        model.fit(**arguments, shuffle=False, verbose=0)
        weights[name] = model.decoder.output_kernel.numpy()
    for name in given:
        np.testing.assert_allclose(weights[name], weights["numbers"], atol=1e-6)


@pytest.mark.parametrize(("labels", "kind"), [("np", "str"), ({"bad", "good"}, "set")])
def test_labels_without_an_order_of_names_are_refused(labels, kind):
    with pytest.raises(InputError, match=f"labels is a {kind}: give a list of names"):
        sv.ScaleVAE(10, condition="label", labels=labels)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda m: m.generate(2), "give label, one of bad, good"),
        (lambda m: m.generate(2, label="goode"), "unknown label 'goode': choose bad, good; did"),
        (lambda m: m.generate(2, label=["bad"]), "2 sentences have 1 labels"),
        (lambda m: m.generate(2, label=[0, 2]), "numbers of labels are from 0 to 1"),
        (lambda m: m.log_likelihood(IDS), "give label, one of bad, good"),
        (lambda m: m.fit(IDS, verbose=0), "the labels are missing"),
        (lambda m: m.fit(IDS, np.array([0, 1, 2, 0]), verbose=0), "outside of 0 to 1"),
        (lambda m: m.fit(IDS, np.array([0, 1, -1, 0]), verbose=0), "needs semi_supervised"),
        (
            lambda m: m.fit(tf.data.Dataset.from_tensors(IDS), verbose=0),
            "trains on sentences with labels",
        ),
        (
            lambda m: m.fit(IDS, [0, 1, 1, 0], sample_weight=np.ones(3), verbose=0),
            "4 sentences and sample_weight of shape (3,): give one each",
        ),
        (lambda m: m.train_on_batch(IDS, [0, 1, 9, 0]), "a label is outside of 0 to"),
        (lambda m: m.fit(IDS, [0, 1, 9, 0], verbose=0), "a label is outside of 0 to"),
        (
            lambda m: m.fit(iter([(IDS, [0, 1, 9, 0])]), shuffle=False, verbose=0),
            "invalid batch: a label is outside of 0 to",
        ),
        (
            lambda m: m.fit(iter([(IDS,)]), shuffle=False, verbose=0),
            "trains on sentences with labels",
        ),
        (
            lambda m: m.fit(PyBatches((IDS, np.array([0, 1, 2, 0]))), shuffle=False, verbose=0),
            "invalid batch: a label is outside of 0 to 1",
        ),
        (
            lambda m: m.fit(
                PyBatches((IDS, NUMBERS), (IDS, NUMBERS + 1)), shuffle=False, verbose=0
            ),
            "invalid batch: a label is outside of 0 to 1",
        ),
        (lambda m: m.fit(pd.DataFrame(IDS), NUMBERS + 0.7, verbose=0), "unknown label"),
        (lambda m: m(IDS, label=["bad", "good", "odd", "bad"]), "unknown label 'odd'"),
        *(
            (
                lambda m, gap=gap: m.fit(IDS, np.array(["bad", gap, "", "bad"], object), verbose=0),
                "a label is missing: a sentence without one has '' or the number -1",
            )
            for gap in (None, float("nan"))
        ),
        (
            lambda m: m.fit(
                tf.data.Dataset.from_tensors((IDS, tf.constant(["bad"] * 4))), verbose=0
            ),
            "labels are numbers, the places of their names; names are for arrays, fit(ids, names",
        ),
        (lambda m: m(IDS, label=[0, 1, 2, 0]), "a label is outside of 0 to 1"),
        (lambda m: m.fit({"ids": IDS}, NUMBERS, verbose=0), "dict instead of whole numbers"),
        (lambda m: m.predict(IDS), "predict reads no labels: call the model"),
        (
            lambda m: m.fit(PyBatches((IDS, np.array(["bad"] * 4))), shuffle=False, verbose=0),
            "trains on sentences with labels",
        ),
        (
            lambda m: m.fit(PyBatches(IDS), shuffle=False, verbose=0),
            "trains on sentences with labels",
        ),
        (lambda m: m.label_probabilities(IDS), "the model has no classifier"),
        (lambda m: evaluate_model(m, as_split([[1, 4, 2]] * 2)), "2 sentences have none"),
        (lambda m: m.export("nowhere"), "only be exported by sv.serving.export"),
    ],
)
def test_what_is_missing_or_unknown_is_refused(act, message):
    model = made()
    model.compile("sgd", run_eagerly=True)
    with pytest.raises(InputError, match=re.escape(message)):
        act(model)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"condition": "label"}, 'condition="label" needs labels'),
        ({"condition": "label", "labels": ["a", "a"]}, "at least two different labels"),
        ({"labels": ["a", "b"]}, "labels without a condition"),
        (
            {**CONDITION, "decoder": own_decoder(2)},
            f"latent_dim={2 + LABEL_WIDTH}, {LABEL_WIDTH} of them for the label",
        ),
    ],
)
def test_a_condition_that_is_not_whole_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        sv.TextVAE(9, latent_dim=2, embedding_dim=5, units=6, **arguments)


def test_a_model_without_a_condition_takes_no_label():
    model = made_model()
    with pytest.raises(InputError, match="trained without a condition"):
        model.generate(2, label="good")
    model.compile("sgd")
    with pytest.raises(InputError, match="a target y has no meaning"):
        model.fit(IDS, np.array([0, 1, 1, 0]), verbose=0)


def test_figures_are_given_the_label():
    """They are those of the split's own labels, and say so."""
    sentences = [[1, 4, 5, 2], [1, 5, 2], [1, 6, 7, 2], [1, 8, 2]]
    labels = ["bad", "good", "good", "bad"]
    model = made(semi_supervised=True)
    metrics = {}
    for name, own in (("own", labels), ("others", labels[::-1]), ("all bad", ["bad"] * 4)):
        split = numbered(as_split(sentences, own), NAMES)
        metrics[name] = evaluate_model(model, split, samples=50)
    exact = model.log_likelihood(IDS, samples=50, label=labels).numpy()
    assert metrics["own"]["iw_nll"] == pytest.approx(-exact.mean(), abs=1e-4)
    assert metrics["own"]["iw_nll"] != metrics["all bad"]["iw_nll"]
    assert metrics["own"]["mi"] == metrics["all bad"]["mi"]
    assert metrics["own"]["label_majority"] == 0.5
    assert metrics["all bad"]["label_majority"] == 1
    found = model.label_probabilities(IDS).numpy().argmax(axis=1)
    assert metrics["own"]["label_accuracy"] == np.mean(found == [0, 1, 1, 0])
    assert any("p(text | label)" in line for line in notes(metrics["own"]))
    assert {"label_accuracy", "condition"} <= set(metrics_table(metrics).figures["own"])


def test_one_number_is_the_label_of_all_rows():
    model = made()
    np.testing.assert_array_equal(model.numbers_of(1, 3), [1, 1, 1])
    np.testing.assert_array_equal(model.numbers_of(tf.constant(["good", "bad"]), 2), [1, 0])
    with pytest.raises(InputError, match="one for all or for each of 3 sentences"):
        model.numbers_of([1, 1], 3)
    with pytest.raises(InputError, match="numbers of labels are from 0 to"):
        model.numbers_of(7, 3)
