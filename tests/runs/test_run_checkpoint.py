import keras
import numpy as np
import pytest

from scale_vae_keras.runs.checkpoint_folder import last_good
from scale_vae_keras.runs.run_checkpoint import RunCheckpoint


class Keeper(keras.callbacks.Callback):
    """Has arrays to keep, more than ten and of several shapes."""

    def __init__(self, arrays=()):
        super().__init__()
        self.arrays = list(arrays)

    def get_state(self):
        return {}

    def set_state(self, state):
        assert state == {}

    def get_arrays(self):
        return self.arrays

    def set_arrays(self, arrays):
        self.arrays = arrays


@pytest.mark.parametrize("count", [0, 12])
def test_arrays_of_callbacks_come_back(tmp_path, count):
    arrays = [np.full(shape, shape, np.float32) for shape in range(count)]
    model = keras.Sequential([keras.Input([2]), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    checkpoint = RunCheckpoint(tmp_path, {"keeper": Keeper(arrays)})
    checkpoint.set_model(model)
    checkpoint.set_params({"steps": 1})
    checkpoint.on_train_begin()
    checkpoint.on_epoch_end(0)
    saved = last_good(tmp_path)
    assert (saved / "keeper.npz").exists() == (count > 0)
    other = Keeper()
    RunCheckpoint(tmp_path, {"keeper": other}, resumed=saved)
    assert len(other.arrays) == count
    for mine, wanted in zip(other.arrays, arrays, strict=True):
        np.testing.assert_array_equal(mine, wanted)
