import math

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.training.sample_weight import weights_for

IDS = np.ones([3, 4], np.int32)
NOT_FINITE = "a sample_weight is not finite: give 0 to leave a sentence's loss out"


@pytest.mark.parametrize(
    "weights",
    [[0, 1, 2], np.array([0, 1, 2]), pd.Series([0.0, 1.0, 2.0]), tf.constant([0.0, 1.0, 2.0])],
    ids=["list", "array", "series", "tensor"],
)
def test_weights_of_any_type(weights):
    found = weights_for(IDS, weights)
    assert found.dtype == tf.float32
    np.testing.assert_array_equal(found, [0, 1, 2])


def test_a_column_is_a_row():
    np.testing.assert_array_equal(weights_for(IDS, [[0.0], [1.0], [2.0]]), [0, 1, 2])


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0, 2.0], r"3 sentences and sample_weight of shape \(2,\): give one each"),
        (1.0, r"3 sentences and sample_weight of shape \(\): give one each"),
        (["a", "b", "c"], "sample_weight holds something else than numbers: give one each"),
        ([1.0, [2.0], 3.0], "sample_weight holds something else than numbers: give one each"),
        ([1.0, math.nan, 2.0], NOT_FINITE),
        ([1.0, None, 2.0], NOT_FINITE),
    ],
    ids=str,
)
def test_weights_that_are_refused(weights, message):
    with pytest.raises(InputError, match=f"^{message}$"):
        weights_for(IDS, weights)
