"""A first epoch that diverges, and the line of an epoch."""

import keras
import pytest

from scale_vae_keras.callbacks import BestModel
from scale_vae_keras.callbacks.epoch_line import EpochLine
from scale_vae_keras.callbacks.refuse_divergence import RefuseDivergence
from scale_vae_keras.errors import DivergedError
from scale_vae_keras.schedules.order import Stage


@pytest.fixture
def model():
    model = keras.Sequential([keras.Input([2]), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1e4))
    return model


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_run_without_a_finite_epoch_ends(model, tmp_path, value):
    best = BestModel(tmp_path / "best.keras")
    refuse = RefuseDivergence(best, "val_loss", Stage.GUARD)
    for callback in (best, refuse):
        callback.set_model(model)
    best.on_epoch_end(0, {"val_loss": value})
    with pytest.raises(DivergedError, match=f"val_loss is {value} after epoch 1"):
        refuse.on_epoch_end(0, {"val_loss": value})
    best.on_epoch_end(0, {"val_loss": 2.0})
    refuse.on_epoch_end(0, {"val_loss": 2.0})
    refuse.on_epoch_end(1, {"val_loss": value})


def test_the_line_of_an_epoch_has_six_figures(capsys):
    line = EpochLine()
    line.set_params({"verbose": 2, "epochs": 3, "steps": 1})
    line.on_epoch_begin(1)
    names = ("kl", "loss", "val_loss", "mi", "mi_cap", "au", "val_elbo_nll", "val_kl", "factor_max")
    line.on_epoch_end(1, dict.fromkeys((*names, "learning_rate"), 1.5))
    printed = capsys.readouterr().out
    assert printed.startswith("Epoch 2/3\n")
    shown = [part.split(":")[0] for part in printed.split(" - ")[-6:]]
    assert "mi_cap" not in printed
    assert shown == ["loss", "val_loss", "val_elbo_nll", "val_kl", "mi", "au"]
