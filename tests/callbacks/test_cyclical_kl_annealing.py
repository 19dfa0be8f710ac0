from types import SimpleNamespace

import keras
import numpy as np
import pytest

from scale_vae_keras.callbacks.cyclical_kl_annealing import CyclicalKLAnnealing
from scale_vae_keras.errors import InputError


def weights(callback, epochs, steps):
    """The weight of every step, `[epochs, steps]`."""
    callback.set_model(SimpleNamespace(kl_weight=keras.Variable(0.0, name="kl_weight")))
    callback.set_params({"steps": steps})
    rows = []
    for epoch in range(epochs):
        callback.on_epoch_begin(epoch)
        row = []
        for batch in range(steps):
            callback.on_train_batch_begin(batch)
            row.append(float(callback.model.kl_weight))
        logs = {}
        callback.on_epoch_end(epoch, logs)
        assert logs == {"kl_weight": row[-1]}
        rows.append(row)
    return np.array(rows)


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


def test_a_resumed_run_has_the_same_weights():
    callback = CyclicalKLAnnealing(3, 2)
    whole = weights(callback, 5, 3)
    callback.on_epoch_begin(4)
    callback.on_train_batch_begin(1)
    assert float(callback.model.kl_weight) == whole[4, 1]


@pytest.mark.parametrize("arguments", [(2, 3), (0, 0), (2, -1), (2, 1, 1.5), (2, 1, 0.0, -1)])
def test_arguments_out_of_range(arguments):
    with pytest.raises(InputError):
        CyclicalKLAnnealing(*arguments)


def test_data_of_unknown_length():
    callback = CyclicalKLAnnealing(2, 1)
    callback.set_params({"steps": None})
    with pytest.raises(InputError, match="steps_per_epoch"):
        callback.on_epoch_begin(0)
