"""BestModel, HistoryTable and RunCheckpoint."""

import csv
import json

import keras
import numpy as np
import pytest

from scale_vae_keras.callbacks import BestModel, DecayOnPlateau, EpochAverageScale, LatentMonitor
from scale_vae_keras.errors import InputError
from scale_vae_keras.runs.checkpoint_folder import checkpoints, last_good, read_state
from scale_vae_keras.runs.history_table import HistoryTable
from scale_vae_keras.runs.run_checkpoint import RunCheckpoint


def feed(callback, model, *rows):
    callback.set_model(model)
    for epoch, logs in enumerate(rows):
        callback.on_epoch_end(epoch, logs)


def test_the_best_model_is_kept(vae, tmp_path):
    path = tmp_path / "model.keras"
    best = BestModel(path)
    best.set_model(vae)
    for epoch, loss in enumerate([3.0, 2.0, 2.5, 2.0, float("nan")]):
        vae.decoder.output_kernel.assign(np.full((6, 9), epoch, np.float32))
        best.on_epoch_end(epoch, {"val_loss": loss})
    assert (best.best, best.best_epoch) == (2.0, 1)
    kept = keras.saving.load_model(path)
    np.testing.assert_array_equal(kept.decoder.output_kernel, np.ones((6, 9)))
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.keras"]


def test_another_monitor(vae, tmp_path):
    best = BestModel(tmp_path / "model.keras", monitor="val_kl")
    feed(best, vae, {"val_loss": 1.0, "val_kl": 4.0}, {"val_loss": 2.0, "val_kl": 3.0})
    assert best.best_epoch == 1


def test_a_resumed_best_model_remembers_the_minimum(vae, tmp_path):
    first, second = (BestModel(tmp_path / "model.keras") for _ in range(2))
    feed(first, vae, {"val_loss": 2.0})
    second.set_state(json.loads(json.dumps(first.get_state())))
    before = (tmp_path / "model.keras").read_bytes()
    feed(second, vae, {"val_loss": 2.5})
    assert (tmp_path / "model.keras").read_bytes() == before
    assert second.get_state() == {"best": 2.0, "best_epoch": 0}


def read_table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_history_table(vae, tmp_path):
    path = tmp_path / "history.csv"
    table = HistoryTable(path)
    feed(table, vae, {"loss": 2.5, "kl": 0.1}, {"loss": 2.0, "kl": 0.2, "factor_change": 0.5})
    assert path.read_text(encoding="utf-8").splitlines() == [
        "epoch,loss,kl,factor_change",
        "1,2.5,0.1,",
        "2,2.0,0.2,0.5",
    ]
    again = HistoryTable(path)
    again.set_state(json.loads(json.dumps(table.get_state())))
    again.set_model(vae)
    again.on_epoch_end(2, {"loss": 1.5})
    assert [row["epoch"] for row in read_table(path)] == ["1", "2", "3"]
    assert read_table(path)[2] == {"epoch": "3", "loss": "1.5", "kl": "", "factor_change": ""}


def test_history_table_in_fit(vae, data, tmp_path):
    path = tmp_path / "history.csv"
    history = vae.fit(
        data,
        validation_data=data,
        epochs=2,
        callbacks=[HistoryTable(path)],
        shuffle=False,
        verbose=0,
    ).history
    for row, loss, validation in zip(
        read_table(path), history["loss"], history["val_loss"], strict=True
    ):
        assert (float(row["loss"]), float(row["val_loss"])) == (loss, validation)


def test_the_last_two_checkpoints_are_kept(vae, tmp_path):
    folder = tmp_path / "checkpoints"
    table = HistoryTable(tmp_path / "history.csv")
    checkpoint = RunCheckpoint(folder, {"history": table})
    checkpoint.seconds = 100.0
    vae.stop_training = False
    for callback in (table, checkpoint):
        callback.set_model(vae)
        callback.set_params({"steps": 2})
    checkpoint.on_train_begin()
    for epoch in range(11):
        vae.kl_weight.assign(epoch)
        vae.stop_training = epoch == 10
        for callback in (table, checkpoint):
            callback.on_epoch_end(epoch, {"loss": float(epoch)})
    kept = checkpoints(folder)
    assert [path.name for path in kept] == ["epoch-0010", "epoch-0011"]
    assert sorted(path.name for path in folder.iterdir()) == ["epoch-0010", "epoch-0011"]
    state = read_state(kept[-1])
    assert (state["epochs"], state["stopped"]) == (11, True)
    assert read_state(kept[0])["stopped"] is False
    assert 100 <= state["seconds"] < 200
    assert 0 <= state["cpu_seconds"] < 100
    assert state["callbacks"]["history"]["rows"][-1] == {"epoch": 11, "loss": 10.0}
    assert float(keras.saving.load_model(kept[-1] / "model.keras").kl_weight) == 10


def saving(model, folder, steps=7, **arguments):
    """A checkpoint callback before the first step of an epoch."""
    checkpoint = RunCheckpoint(folder, {}, **arguments)
    checkpoint.set_model(model)
    checkpoint.set_params({"steps": steps})
    model.stop_training = False
    checkpoint.on_train_begin()
    return checkpoint


def test_checkpoints_every_so_many_steps_but_not_at_the_end_of_an_epoch(vae, tmp_path):
    checkpoint = saving(vae, tmp_path, steps=6, save_steps=2)
    names = []
    for step in range(6):
        checkpoint.on_train_batch_end(step)
        names.append([path.name for path in checkpoints(tmp_path)])
    second, fourth = "epoch-0000-step-000002", "epoch-0000-step-000004"
    assert names == [[], [second], [second], *[[second, fourth]] * 3]
    checkpoint.on_epoch_end(0)
    assert [path.name for path in checkpoints(tmp_path)] == [fourth, "epoch-0001"]
    checkpoint.on_train_batch_end(1)
    assert checkpoints(tmp_path)[-1].name == "epoch-0001-step-000002"
    assert read_state(checkpoints(tmp_path)[-1])["steps"] == 2


def test_checkpoints_every_so_many_minutes(vae, tmp_path, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    checkpoint = saving(vae, tmp_path, save_minutes=0.5)
    for step, seconds in enumerate([29, 1, 29, 1]):
        now[0] += seconds
        checkpoint.on_train_batch_end(step)
    assert [path.name for path in checkpoints(tmp_path)] == [
        "epoch-0000-step-000002",
        "epoch-0000-step-000004",
    ]


@pytest.mark.parametrize("arguments", [{"save_steps": 0}, {"save_minutes": -1.0}], ids=str)
def test_bad_intervals(arguments, tmp_path):
    with pytest.raises(InputError, match=r"save_\w+ must be at least"):
        RunCheckpoint(tmp_path, {}, **arguments)


def run(model, data, folder, epochs, saved=None):
    """Trains as a run does, from the last checkpoint if there is one."""
    best = BestModel(folder / "model.keras")
    stateful = {
        "best": best,
        "decay": DecayOnPlateau(best, patience=1, start_epoch=1),
        "monitor": LatentMonitor(data),
        "history": HistoryTable(folder / "history.csv"),
    }
    checkpoint = RunCheckpoint(folder / "checkpoints", stateful, best, saved)
    model.fit(
        data,
        validation_data=data,
        initial_epoch=checkpoint.epochs,
        epochs=epochs,
        callbacks=[
            EpochAverageScale(1),
            stateful["monitor"],
            best,
            stateful["decay"],
            stateful["history"],
            checkpoint,
        ],
        shuffle=False,
        verbose=0,
    )
    return model


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not(scale_vae, data, tmp_path):
    start = scale_vae.get_weights()
    folders = [tmp_path / name for name in ("whole", "parts")]
    for folder in folders:
        folder.mkdir()
    whole = run(scale_vae, data, folders[0], 4).get_weights()
    fresh = type(scale_vae).from_config(scale_vae.get_config())
    fresh.build((None, None))
    fresh.set_weights(start)
    fresh.compile(keras.optimizers.SGD(0.5), run_eagerly=True)
    run(fresh, data, folders[1], 2)
    last = last_good(folders[1] / "checkpoints")
    resumed = keras.saving.load_model(last / "model.keras")
    resumed.run_eagerly = True
    run(resumed, data, folders[1], 4, last)
    for one, other in zip(whole, resumed.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)
    tables = [read_table(folder / "history.csv") for folder in folders]
    assert tables[0] == tables[1]
