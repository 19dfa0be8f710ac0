import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.layers.scatter_update import scatter_update

VALUES = np.arange(24).reshape(4, 3, 2)


@pytest.mark.parametrize("gpus", [0, 1])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize(
    ("places", "new"),
    [
        ([[1], [3]], np.zeros([2, 3, 2])),
        ([[0, 1], [3, 2]], [[50, -1], [0, 7]]),
        ([[[0, 0, 1]], [[2, 2, 0]]], [[-9], [0]]),
    ],
)
def test_new_values_stand_in_their_places(visible_gpus, gpus, dtype, places, new):
    visible_gpus(gpus)
    expected, depth = VALUES.copy(), np.shape(places)[-1]
    entries = np.reshape(new, [-1, *VALUES.shape[depth:]])
    for place, entry in zip(np.reshape(places, [-1, depth]), entries, strict=True):
        expected[tuple(place)] = entry
    found = scatter_update(tf.constant(VALUES, dtype), tf.constant(places), tf.cast(new, dtype))
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, expected)


def test_not_a_number_replaces_a_number(visible_gpus):
    visible_gpus(1)
    new = tf.constant([np.nan], tf.bfloat16)
    found = np.float32(scatter_update(tf.zeros([3], tf.bfloat16), [[1]], new))
    np.testing.assert_array_equal(found, [0, np.nan, 0])
