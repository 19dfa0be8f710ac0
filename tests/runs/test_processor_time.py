"""A run that goes on adds the time of all its parts."""

import pytest

from scale_vae_keras.callbacks import BestModel
from scale_vae_keras.runs.checkpoint_folder import last_good, read_state
from scale_vae_keras.runs.run_checkpoint import RunCheckpoint


def train_one_epoch(model, folder, clocks, seconds, processor_seconds, epoch, resumed=None):
    checkpoint = RunCheckpoint(folder, {}, BestModel(folder / "model.keras"), resumed)
    checkpoint.set_model(model)
    checkpoint.on_train_begin()
    clocks["monotonic"] += seconds
    clocks["process_time"] += processor_seconds
    checkpoint.on_epoch_end(epoch)
    return checkpoint


def test_seconds_of_both_clocks_add_up_over_a_resume(vae, tmp_path, monkeypatch):
    clocks = {"monotonic": 1000.0, "process_time": 50.0}
    for name in clocks:
        monkeypatch.setattr(f"time.{name}", lambda name=name: clocks[name])
    vae.stop_training = False
    train_one_epoch(vae, tmp_path, clocks, 10.0, 16.0, 0)
    clocks["process_time"] = 3.0  # a new process
    resumed = train_one_epoch(vae, tmp_path, clocks, 5.0, 9.0, 1, last_good(tmp_path))
    state = read_state(last_good(tmp_path))
    assert (state["seconds"], state["cpu_seconds"]) == pytest.approx((15.0, 25.0))
    assert (resumed.seconds, resumed.cpu_seconds) == pytest.approx((15.0, 25.0))
