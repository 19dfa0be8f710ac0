"""The small model that comes with the repository."""

import json
from pathlib import Path

import pytest
import tensorflow as tf
import tensorflow_text  # noqa: F401 - registers its operations

from scale_vae_keras.data.reviews import ReviewGrammar
from scale_vae_keras.serving.portability import check_portable
from scale_vae_keras.serving.warmup import read_warmup

VERSION = Path(__file__).resolve().parents[2] / "saved_models" / "reviews" / "1"


def types_of(signatures):
    """Types and ranks; the sizes differ between models."""
    return {
        name: {
            side: {key: (spec.dtype, spec.shape.rank) for key, spec in specs.items()}
            for side, specs in (
                ("inputs", function.structured_input_signature[1]),
                ("outputs", function.structured_outputs),
            )
        }
        for name, function in signatures.items()
    }


@pytest.fixture(scope="module")
def signatures():
    return tf.saved_model.load(str(VERSION)).signatures


def test_it_has_the_signatures_that_the_exporter_writes(signatures, models):
    exported = tf.saved_model.load(str(models / "1")).signatures
    assert types_of(signatures) == types_of(exported)


def test_it_is_small_and_portable():
    assert sum(file.stat().st_size for file in VERSION.rglob("*") if file.is_file()) < 2e6
    check_portable(VERSION)


def test_its_warm_up_runs(signatures):
    for name, inputs in read_warmup(VERSION):
        signatures[name](**{key: tf.constant(value) for key, value in inputs.items()})


def test_it_writes_reviews(signatures):
    served = signatures["generate"](
        seed=tf.range(64, dtype=tf.int64), temperature=tf.fill([64], 0.5)
    )
    grammar = ReviewGrammar()
    known = {word for text, _ in grammar.sample(500, seed=1) for word in text.split()}
    texts = [text.decode() for text in served["text"].numpy()]
    assert len(set(texts)) > 40
    words = [word for text in texts for word in text.split()]
    assert sum(word in known for word in words) / len(words) > 0.99
    assert sum(text.endswith(" .") for text in texts) >= 62


def test_its_metadata_says_how_it_was_made():
    described = json.loads((VERSION / "metadata.json").read_text())
    assert described["method"] == "scale"
    assert described["metrics"]["elbo_nll"] > 0
