import math

import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.schedules.cyclical_kl_annealing import CyclicalKLAnnealing


def weights(schedule, epochs, steps):
    """The weight of every step, `[epochs, steps]`."""
    places = tf.range(epochs * steps, dtype=tf.float64)
    return np.array(schedule.value(places, steps)).reshape(epochs, steps)


def test_the_original_schedule():
    # four cycles over eight epochs, half of each a ramp
    actual = weights(CyclicalKLAnnealing(2, 1), 8, 4)
    cycle = [[0, 0.25, 0.5, 0.75], [1, 1, 1, 1]]
    np.testing.assert_allclose(actual, cycle * 4)


def test_cycles_need_not_be_whole_epochs():
    actual = weights(CyclicalKLAnnealing(1.5, 0.75, start=0.5), 3, 4)
    cycle = [0.5, 2 / 3, 5 / 6, 1, 1, 1]
    np.testing.assert_allclose(actual.ravel(), cycle * 2)


def test_the_later_schedule_cuts_its_first_cycle_short():
    actual = weights(CyclicalKLAnnealing(20, 10, start=0.1, first_epochs=1), 42, 2)
    np.testing.assert_allclose(actual[0], [0.1, 0.145])
    for start in (1, 21):
        np.testing.assert_allclose(
            actual[start : start + 10].ravel(), 0.1 + 0.9 * np.arange(20) / 20
        )
    np.testing.assert_allclose(actual[11:21], 1)
    np.testing.assert_allclose(actual[31:41], 1)
    np.testing.assert_allclose(actual[41], [0.1, 0.145])


def test_a_resumed_run_and_a_second_fit_have_the_weights_of_one_run(vae, data):
    whole = weights(CyclicalKLAnnealing(3, 2), 5, 2)
    arguments = {"callbacks": [CyclicalKLAnnealing(3, 2)], "shuffle": False, "verbose": 0}
    history = vae.fit(data, initial_epoch=3, epochs=4, **arguments).history["kl_weight"]
    history += vae.fit(data, epochs=1, **arguments).history["kl_weight"]
    np.testing.assert_allclose(history, whole[3:, -1], rtol=1e-6)


@pytest.mark.parametrize(
    "arguments",
    [
        (2, 3),
        (0, 0),
        (2, -1),
        (math.nan, 1),
        (2, math.nan),
        (2, 1, 1.5),
        (2, 1, 0.0, -1),
        (2, 1, 0.0, math.nan),
    ],
)
def test_arguments_out_of_range(arguments):
    with pytest.raises(InputError):
        CyclicalKLAnnealing(*arguments)
