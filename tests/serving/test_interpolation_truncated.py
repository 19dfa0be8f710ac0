"""The signature `interpolate` says of both its sentences whether they were cut."""

import numpy as np
import pytest
import tensorflow as tf
from served_models import MAX_WORDS, WORDS

from scale_vae_keras.serving.signatures import MAX_CHARACTERS, Signatures

SHORT = " ".join(WORDS[:3])
LONG = {"words": " ".join(WORDS[: MAX_WORDS + 1]), "characters": "x" * (MAX_CHARACTERS + 1)}


@pytest.mark.parametrize("limit", LONG)
def test_truncated_is_true_where_either_sentence_is_cut(model, tokenizer, limit):
    cut = LONG[limit]
    start, end = zip((SHORT, SHORT), (cut, SHORT), (SHORT, cut), (cut, cut), strict=True)
    alpha = tf.constant([0.5] * 4)
    answer = Signatures(model, tokenizer, MAX_WORDS + 1).interpolate(
        tf.constant(start), tf.constant(end), alpha
    )
    np.testing.assert_array_equal(answer["truncated"], [False, True, True, True])
