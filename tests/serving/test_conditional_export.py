"""A served model with a condition takes labels by name."""

import numpy as np
import pytest
import tensorflow as tf
from served_models import MAX_WORDS, served_model

import scale_vae_keras as sv
from scale_vae_keras.serving.exporter import publish
from scale_vae_keras.serving.signatures import Signatures

TEXT = tf.constant(["word1 word2 word3", "word4"])
SEED = tf.constant([3, 4], tf.int64)
NAMES = ("bad", "good", "sehr süß")


@pytest.fixture(scope="module")
def conditional():
    return served_model(condition="label", labels=NAMES, condition_encoder=True)


@pytest.fixture(scope="module")
def text_model(conditional, tokenizer):
    return sv.TextModel(conditional, tokenizer, MAX_WORDS + 1)


@pytest.fixture(scope="module")
def served(conditional, tokenizer, tmp_path_factory):
    directory = tmp_path_factory.mktemp("models") / "labels"
    path = publish(conditional, tokenizer, MAX_WORDS + 1, directory)
    return tf.saved_model.load(path).signatures


def texts(outputs):
    return [text.decode() for text in outputs["text"].numpy()]


def test_the_served_model_writes_what_the_label_says(served, text_model):
    label = tf.constant(["good", "sehr süß"])
    own = tf.constant(["bad", "good"])
    z = served["encode"](text=TEXT, text_label=own)["mean"]
    code = text_model.encode(TEXT.numpy().astype(str), ["bad", "good"]).mean
    np.testing.assert_allclose(z, code, atol=1e-5)
    expected = text_model.decode(code, label=["good", "sehr süß"])
    assert texts(served["decode"](z=z, label=label)) == expected
    assert texts(served["reconstruct"](text=TEXT, label=label, text_label=own)) == expected
    vector = np.linspace(-1, 1, 8, dtype=np.float32).reshape(2, 4)
    moved = text_model.decode(code + 2 * vector, label=["good", "sehr süß"])
    shift = {"vector": vector, "amount": tf.constant([2.0, 2.0]), "text_label": own}
    assert texts(served["shift"](text=TEXT, label=label, **shift)) == moved
    given = {"label": ["good", "sehr süß"], "text_label": ["bad", "good"]}
    once = text_model.decode(code + 2 * vector[0], label=given["label"])
    assert text_model.shift(TEXT.numpy().astype(str), vector[0], 2.0, **given) == once
    number = {"temperature": tf.ones([2]), "top_p": tf.ones([2])}
    written = [
        texts(served["generate"](seed=SEED, label=tf.constant([name] * 2), **number))
        for name in NAMES
    ]
    assert len({tuple(each) for each in written}) == 3
    scores = [
        served["score"](text=TEXT, seed=SEED, label=tf.constant([name] * 2)) for name in NAMES
    ]
    assert np.all(scores[0]["elbo"] != scores[1]["elbo"])


def test_an_unknown_label_is_refused_with_the_known_ones(served):
    with pytest.raises(tf.errors.InvalidArgumentError, match="label must be one of bad, good"):
        served["decode"](z=tf.zeros([2, 4]), label=tf.constant(["good", "fine"]))


def test_labels_are_inputs_of_conditional_models_alone(model, conditional, tokenizer):
    def inputs(each):
        specifications = Signatures(each, tokenizer, MAX_WORDS + 1).specifications()
        return {name: [one.name for one in types] for name, (_, types) in specifications.items()}

    plain, with_labels = inputs(model), inputs(conditional)
    for name, names in plain.items():
        added = [each for each in with_labels[name] if each not in names]
        assert with_labels[name] == names + added
        both = ["label", "text_label"]
        wanted = {"encode": ["text_label"], "reconstruct": both, "shift": both}
        assert added == wanted.get(name, ["label"])
