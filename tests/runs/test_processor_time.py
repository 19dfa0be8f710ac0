"""What a run took; one that goes on adds the time of all its parts."""

import json
import math

import pytest

from scale_vae_keras.benchmarks.density.training_cost import training_cost
from scale_vae_keras.callbacks import BestModel
from scale_vae_keras.metrics import COST
from scale_vae_keras.runs.checkpoint_folder import last_good, read_state
from scale_vae_keras.runs.run_checkpoint import RunCheckpoint
from scale_vae_keras.runs.run_folder import RunFolder


@pytest.fixture
def clocks(monkeypatch):
    clocks = {"monotonic": 1000.0, "process_time": 50.0}
    for name in clocks:
        monkeypatch.setattr(f"time.{name}", lambda name=name: clocks[name])
    return clocks


def train_one_epoch(
    model, folder, clocks, seconds, processor_seconds, epoch, resumed=None, val_loss=1.0
):
    best = BestModel(folder / "model.keras")
    checkpoint = RunCheckpoint(folder, {"best": best}, best, resumed)
    for each in (best, checkpoint):
        each.set_model(model)
        each.set_params({"steps": 7})
    model.stop_training = False
    checkpoint.on_train_begin()
    clocks["monotonic"] += seconds
    clocks["process_time"] += processor_seconds
    for each in (best, checkpoint):
        each.on_epoch_end(epoch, {"val_loss": val_loss})
    return checkpoint


def test_seconds_of_both_clocks_add_up_over_a_resume(vae, tmp_path, clocks):
    train_one_epoch(vae, tmp_path, clocks, 10.0, 16.0, 0)
    clocks["process_time"] = 3.0  # a new process
    resumed = train_one_epoch(vae, tmp_path, clocks, 5.0, 9.0, 1, last_good(tmp_path))
    state = read_state(last_good(tmp_path))
    assert (state["seconds"], state["cpu_seconds"]) == pytest.approx((15.0, 25.0))
    assert (resumed.seconds, resumed.cpu_seconds) == pytest.approx((15.0, 25.0))


def test_cost_is_of_the_epochs_that_were_trained(vae, tmp_path, clocks):
    folder = RunFolder(tmp_path)
    resumed = None
    # The second epoch is the best, and the third ends training whatever the limit of epochs.
    for epoch, (seconds, loss) in enumerate([(100.0, 5.0), (4.0, 3.0), (6.0, 4.0)]):
        train_one_epoch(vae, folder.checkpoints, clocks, 2 * seconds, seconds, epoch, resumed, loss)
        resumed = last_good(folder.checkpoints)
    assert training_cost(folder) == {
        "epochs": 3,
        "best_epoch": 2,
        "seconds": 220,
        "cpu_seconds": 110,
        "steps_to_best": 14,
        "cpu_seconds_to_best": 104.0,
    }


def test_cost_that_was_not_recorded_is_nan(vae, tmp_path, clocks):
    folder = RunFolder(tmp_path)
    train_one_epoch(vae, folder.checkpoints, clocks, 1.0, 1.0, 0)
    saved = last_good(folder.checkpoints)
    state = read_state(saved)
    del state["trained_steps"], state["to_best"]
    (saved / "state.json").write_text(json.dumps(state))
    cost = training_cost(folder)
    assert math.isnan(cost["steps_to_best"])
    assert math.isnan(cost["cpu_seconds_to_best"])
    assert set(cost) == set(COST)
