"""The small model that comes with the repository."""

import json
from pathlib import Path

import pytest
import tensorflow as tf
import tensorflow_text  # noqa: F401 - registers its operations

from scale_vae_keras.built_in.reviews import ReviewGrammar
from scale_vae_keras.default_sampling import TEMPERATURE, TOP_P
from scale_vae_keras.evaluation.review_quality import grammar_shares, kept_share
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
    assert sum(file.stat().st_size for file in VERSION.rglob("*") if file.is_file()) < 2.6e6
    check_portable(VERSION)


def test_its_warm_up_runs(signatures):
    for name, inputs in read_warmup(VERSION):
        signatures[name](**{key: tf.constant(value) for key, value in inputs.items()})


def test_it_writes_reviews(signatures):
    """By the default sampler at least nine of ten are at most a word from the grammar."""
    texts = []
    for start in range(0, 320, 64):
        served = signatures["generate"](
            seed=tf.range(start, start + 64, dtype=tf.int64),
            temperature=tf.fill([64], TEMPERATURE),
            top_p=tf.fill([64], TOP_P),
        )
        texts += [text.decode() for text in served["text"].numpy()]
    assert len(set(texts)) > 300
    assert grammar_shares(ReviewGrammar(), texts).within_one_word >= 0.9


def test_it_reads_reviews(signatures):
    originals = [review.text for review in ReviewGrammar().sample(64, seed=7)]
    copies = signatures["reconstruct"](text=tf.constant(originals))["text"].numpy()
    assert kept_share(ReviewGrammar(), originals, [copy.decode() for copy in copies]) >= 0.8


def test_its_metadata_says_how_it_was_made():
    described = json.loads((VERSION / "metadata.json").read_text())
    assert described["method"] == "scale"
    assert described["generator"]["prior"] == "full"
    assert described["default_sampling"] == {"temperature": TEMPERATURE, "top_p": TOP_P}
    assert described["metrics"]["elbo_nll"] > 0
