"""The bound of sentences without a label, by enumeration and by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from exact_models import (
    END,
    START,
    every_sequence,
    numpy_log_likelihood,
    small_vae,
)
from made_models import draw_weights

import scale_vae_keras as sv
from scale_vae_keras.errors import InputError

NAMES = ("bad", "good", "odd")
IDS = np.array(
    [[START, 4, 5, END], [START, 5, END, 0], [START, 3, 4, END], [START, END, 0, 0]], np.int32
)


@pytest.fixture(scope="module")
def model():
    made = small_vae(1, condition="label", labels=NAMES, semi_supervised=True, classifier_weight=3)
    made.dropout = made.decoder.dropout = 0.0
    draw_weights(made.classifier.weights, stddev=2.0, seed=5)
    return made


class WithLabel:
    """A decoder of z alone for NumPy: the vector of the label is a part of each z."""

    def __init__(self, model, number):
        self.decoder = model.decoder
        self.vector = np.float64(model.label_embedding.embeddings)[number]

    def log_likelihood(self, ids, z):
        code = np.concatenate([z, np.tile(self.vector, (len(z), 1))], axis=1)
        return numpy_log_likelihood(self.decoder, ids, code)


def exact(model, ids, number):
    """log p(ids | label) by quadrature over z."""
    points = np.linspace(-8, 8, 801)[:, None]
    weight = np.exp(-0.5 * points[:, 0] ** 2) / np.sqrt(2 * np.pi) * (points[1] - points[0])
    return np.log(weight @ np.exp(WithLabel(model, number).log_likelihood(ids, points)))


def words(row):
    return [int(i) for i in row if i]


def literal_loss(model, label, alpha):
    """The loss of each sentence by NumPy, from the step's own sample of z."""
    posterior = model.posterior(IDS)
    seed = model._step_seed(tf.constant(IDS), training=False)
    z = posterior.sample(model._noise(tf.constant(IDS), seed)).numpy().astype(float)
    mean, log_var = (part.numpy().astype(float) for part in posterior)
    kl = 0.5 * (mean**2 + np.exp(log_var) - log_var - 1).sum(axis=1)
    q = model.label_probabilities(IDS).numpy().astype(float)
    losses = []
    for row, ids in enumerate(IDS):
        elbo = np.array(
            [WithLabel(model, k).log_likelihood(words(ids), z[[row]])[0] for k in range(3)]
        )
        elbo -= kl[row]
        if label[row] >= 0:
            of_text = -(elbo[label[row]] + np.log(1 / 3))
            losses.append(of_text - alpha * np.log(q[row, label[row]]))
        else:
            entropy = -np.sum(q[row] * np.log(q[row]))
            losses.append(-(q[row] @ (elbo + np.log(1 / 3)) + entropy))
    return np.array(losses)


def test_the_loss_is_the_published_one(model):
    label = np.array([-1, 2, 0, -1], np.int32)
    found = model(IDS, label=tf.constant(label), training=False).loss
    np.testing.assert_allclose(found, literal_loss(model, label, alpha=0), rtol=2e-5)


def test_alpha_weighs_the_classifier_in_training_alone(model):
    label = tf.constant([-1, 2, 0, -1])
    losses = {}
    for alpha in (0.0, 3.0):
        model.classifier_weight = alpha
        model.training_calls.assign(0)
        losses[alpha] = model(IDS, label=label, training=True).loss.numpy()
    q = model.label_probabilities(IDS).numpy()
    expected = [0, -3 * np.log(q[1, 2]), -3 * np.log(q[2, 0]), 0]
    np.testing.assert_allclose(losses[3.0] - losses[0.0], expected, rtol=1e-4, atol=1e-5)


def test_the_bounds_are_below_the_exact_likelihoods(model):
    """The mean bound over many samples, against log p(x, y) and log p(x) by quadrature."""
    of_label = np.array([[exact(model, words(ids), k) for k in range(3)] for ids in IDS])
    joint = of_label + np.log(1 / 3)
    marginal = np.logaddexp.reduce(joint, axis=1)
    posterior, random = model.posterior(IDS), np.random.default_rng(3)
    q = model.label_probabilities(IDS).numpy()
    mean, log_var = (part.numpy() for part in posterior)
    kl = 0.5 * (mean**2 + np.exp(log_var) - log_var - 1).sum(axis=1)
    z = mean[:, None] + np.exp(0.5 * log_var)[:, None] * random.standard_normal((4, 4000, 1))
    for row, ids in enumerate(IDS):
        elbo = np.array(
            [WithLabel(model, k).log_likelihood(words(ids), z[row]).mean() for k in range(3)]
        )
        elbo -= kl[row]
        assert np.all(elbo <= of_label[row] + 0.02)
        bound = q[row] @ (elbo + np.log(1 / 3)) - q[row] @ np.log(q[row])
        assert bound <= marginal[row] + 0.02


def test_likelihoods_are_of_text_given_a_label(model):
    """p(. | label) sums to one over all texts, and estimates agree with quadrature."""
    for number, name in enumerate(NAMES):
        total = sum(np.exp(exact(model, ids, number)) for ids in every_sequence(2))
        assert total == pytest.approx(1, abs=1e-4)
        estimate = model.log_likelihood(IDS[:2], samples=2000, seed=1, label=name)
        expected = [exact(model, words(ids), number) for ids in IDS[:2]]
        np.testing.assert_allclose(estimate, expected, atol=0.03)
    differ = [exact(model, words(IDS[0]), number) for number in range(3)]
    assert np.ptp(differ) > 0.1


def test_a_classifier_learns_from_few_labels():
    """Two kinds of text, one label of each: the others' labels are found."""
    keras.utils.set_random_seed(0)
    kinds = np.array([[START, 4, 4, END], [START, 5, 5, END]] * 8, np.int32)
    model = sv.TextVAE(
        6,
        1,
        5,
        6,
        dropout=0.0,
        condition="label",
        labels=["a", "b"],
        semi_supervised=True,
        classifier_weight=5.0,
        decoder_initializer_range=0.1,
    )
    model.compile(keras.optimizers.Adam(0.1))
    labels = np.full(16, -1)
    labels[:2] = [0, 1]
    model.fit(kinds, labels, batch_size=16, epochs=12, verbose=0)
    found = model.label_probabilities(kinds).numpy().argmax(axis=1)
    assert found.tolist() == [0, 1] * 8


@pytest.mark.parametrize(
    ("system", "options", "message"),
    [
        ("TextVAE", {"semi_supervised": True}, "semi_supervised needs a condition"),
        ("TextVAE", {"condition_encoder": True}, "condition_encoder needs a condition"),
        (
            "TextVAE",
            {
                "condition": "label",
                "labels": NAMES,
                "semi_supervised": True,
                "condition_encoder": True,
            },
            "leave condition_encoder out",
        ),
        (
            "SemiAmortizedVAE",
            {"condition": "label", "labels": NAMES, "semi_supervised": True},
            "does not go with SemiAmortizedVAE",
        ),
        (
            "TextVAE",
            {"condition": "label", "labels": NAMES, "condition_encoder": True, "prior": "vamp"},
            '"vamp" does not go with condition_encoder',
        ),
    ],
)
def test_what_does_not_go_together_is_refused(system, options, message):
    with pytest.raises(InputError, match=message):
        getattr(sv.models, system)(6, latent_dim=1, embedding_dim=3, units=4, **options)


def test_numbers_of_unknown_labels_are_refused(model):
    with pytest.raises(InputError, match="a label is outside of -1 to 2"):
        model(IDS, label=[0, 3, -1, 1])
    with pytest.raises(InputError, match="a label is outside of -1 to 2"):
        model(IDS, label=[0, 2, -2, 1])


def test_numbers_of_bytes(model):
    """They hold no -1."""
    copy = sv.TextVAE.from_config(model.get_config())
    copy.compile("sgd")
    data = tf.data.Dataset.from_tensors((IDS, np.array([0, 2, 1, 0], np.uint8)))
    assert np.isfinite(copy.fit(data, shuffle=False, verbose=0).history["loss"][0])
    with pytest.raises(InputError, match="a label is outside of -1 to 2"):
        copy.fit(data.map(lambda ids, numbers: (ids, numbers + 250)), shuffle=False, verbose=0)


def test_numbers_are_checked_in_graphs(model):
    for number in (3, -2):
        labels = tf.constant([0, number, -1, 1])
        with pytest.raises(tf.errors.InvalidArgumentError, match="a label is outside of -1 to 2"):
            tf.function(lambda labels: model(IDS, label=labels).loss)(labels)
