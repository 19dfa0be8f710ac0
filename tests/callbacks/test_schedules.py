"""HalvingSchedule, BestModel and DecayOnPlateau."""

import math

import keras
import numpy as np
import pytest

from scale_vae_keras.callbacks import (
    BestModel,
    DecayOnPlateau,
    EpochAverageScale,
    HalvingSchedule,
)
from scale_vae_keras.errors import InputError


def test_halving(vae, data):
    history = vae.fit(
        data, epochs=5, callbacks=[HalvingSchedule(0.8, 2)], shuffle=False, verbose=0
    ).history
    np.testing.assert_allclose(history["learning_rate"], [0.8, 0.8, 0.4, 0.2, 0.1], rtol=1e-6)


def test_a_second_fit_goes_on_in_the_schedules(vae, data, tmp_path):
    best = BestModel(tmp_path / "model.keras", monitor="crafted")

    class Craft(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["crafted"] = int(self.model.epochs_trained)

    def rates(*callbacks):
        return vae.fit(data, epochs=3, callbacks=[*callbacks], shuffle=False, verbose=0).history[
            "learning_rate"
        ]

    assert rates(HalvingSchedule(0.8, 2)) == pytest.approx([0.8, 0.8, 0.4])
    assert rates(HalvingSchedule(0.8, 2)) == pytest.approx([0.2, 0.1, 0.05])
    decay = DecayOnPlateau(best, patience=1, start_epoch=7)
    # epochs 7 to 9 of the model: nothing decays in the first seven, and the ninth counts
    assert rates(Craft(), best, decay) == pytest.approx([0.05, 0.05, 0.025])
    assert decay.decays == 2


def test_halving_from_the_first_epoch_on():
    assert [HalvingSchedule(0.8, 0).schedule(epoch) for epoch in range(3)] == [0.4, 0.2, 0.1]


@pytest.mark.parametrize("rate", [0.0, -1.0, math.nan, math.inf])
def test_bad_rates_of_halving(rate):
    with pytest.raises(InputError, match="learning_rate must be positive"):
        HalvingSchedule(rate, 1)


def test_bad_epochs_of_halving():
    with pytest.raises(InputError, match="constant_epochs must be at least 0, got -1"):
        HalvingSchedule(0.5, -1)


class Run:
    """Feeds validation losses to `BestModel` and `DecayOnPlateau`, without training."""

    def __init__(self, model, folder, **arguments):
        self.model = model
        self.best = BestModel(folder / "model.keras")
        self.decay = DecayOnPlateau(self.best, **{"start_epoch": 0, **arguments})
        for callback in (self.best, self.decay):
            callback.set_model(model)
        self.epoch = 0
        self.rates = []
        model.stop_training = False

    def feed(self, *losses):
        """The learning rate after each of these epochs."""
        rates = []
        for loss in losses:
            logs = {"val_loss": loss}
            self.best.on_epoch_end(self.epoch, logs)
            self.decay.on_epoch_end(self.epoch, logs)
            self.rates.append(logs["learning_rate"])
            rates.append(float(self.model.optimizer.learning_rate))
            self.epoch += 1
        return rates


def test_decay_after_two_epochs_without_improvement(vae, tmp_path):
    run = Run(vae, tmp_path)
    assert run.feed(5.0, 4.0, 4.5, 4.2, 4.1, 4.0, 4.3, 4.4) == [
        0.5,
        0.5,
        0.5,
        0.25,  # the second one over 4.0; the reference is 4.2 now
        0.25,  # 4.1 is better than 4.2
        0.25,  # 4.0 is better than 4.1
        0.25,
        0.125,
    ]
    assert run.decay.decays == 2
    assert run.decay.reference == 4.4
    # what is logged is the rate that the epoch was trained with
    assert run.rates == [0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25]


def test_a_better_epoch_sets_the_count_to_zero(vae, tmp_path):
    rates = Run(vae, tmp_path).feed(5.0, 5.1, 4.9, 5.0, 4.8, 4.9)
    assert rates == [0.5] * 6


def test_patience_and_factor(vae, tmp_path):
    run = Run(vae, tmp_path, patience=3, factor=0.1)
    np.testing.assert_allclose(run.feed(1.0, 2.0, 2.0, 2.0, 2.0), [0.5] * 3 + [0.05] * 2)


def test_before_the_start_epoch_nothing_decays_but_epochs_count(vae, tmp_path):
    run = Run(vae, tmp_path, start_epoch=5)
    assert run.feed(1.0, 2.0, 2.0, 2.0, 2.0, 2.0) == [0.5] * 5 + [0.25]


def test_training_stops_at_the_last_decay(vae, tmp_path):
    run = Run(vae, tmp_path, patience=1, max_decays=2)
    run.feed(1.0, 2.0)
    assert not vae.stop_training
    run.feed(2.1)
    assert vae.stop_training
    assert float(vae.optimizer.learning_rate) == 0.125


def test_weights_and_factor_of_the_best_epoch_come_back_together(scale_vae, data, tmp_path):
    best = BestModel(tmp_path / "model.keras", monitor="crafted")
    seen = []

    class Craft(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            seen.append([np.array(weight) for weight in self._watched()])

        def on_epoch_end(self, epoch, logs=None):
            logs["crafted"] = [3.0, 1.0, 2.0, 1.9][epoch]
            seen.append([np.array(weight) for weight in self._watched()])

        def _watched(self):
            scale = self.model.posterior_scale
            return [*self.model.trainable_weights, scale.average, scale.has_average]

    scale_vae.fit(
        data,
        epochs=4,
        callbacks=[
            EpochAverageScale(1),
            Craft(),
            best,
            DecayOnPlateau(best, patience=1, start_epoch=2, max_decays=5),
        ],
        shuffle=False,
        verbose=0,
    )
    after_second, before_fourth = seen[3], seen[6]
    for one, other in zip(after_second, before_fourth, strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(seen[5][-2], after_second[-2])
    assert float(scale_vae.posterior_scale.in_effect) == 1
    assert float(scale_vae.optimizer.learning_rate) == 0.25


def test_state_of_the_schedule_goes_on(vae, tmp_path):
    run = Run(vae, tmp_path)
    run.feed(5.0, 6.0)
    other = DecayOnPlateau(run.best)
    other.set_state(run.decay.get_state())
    assert (other.reference, other.not_improved, other.decays) == (5.0, 1, 0)


def test_a_missing_monitor_says_what_to_do(vae, data, tmp_path):
    with pytest.raises(InputError, match="validation"):
        vae.fit(data, callbacks=[BestModel(tmp_path / "model.keras")], shuffle=False, verbose=0)


def test_epochs_without_validation_are_left_out(vae, data, tmp_path):
    best = BestModel(tmp_path / "model.keras")
    decay = DecayOnPlateau(best, patience=1, start_epoch=0)
    saved = []

    class Craft(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if "val_loss" in logs:
                logs["val_loss"] = {1: 2.0, 3: 1.0, 5: 3.0}[epoch]

    class Saved(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            saved.append(best.best_epoch)

    vae.fit(
        data,
        validation_data=data,
        validation_freq=2,
        epochs=6,
        callbacks=[Craft(), best, decay, Saved()],
        shuffle=False,
        verbose=0,
    )
    assert saved == [None, 1, 1, 3, 3, 3]
    assert (best.best, decay.decays, decay.reference) == (1.0, 1, 3.0)
    with pytest.raises(InputError, match="have no 'val_los'"):
        vae.fit(
            data,
            validation_data=data,
            callbacks=[BestModel(tmp_path / "model.keras", "val_los")],
            shuffle=False,
            verbose=0,
        )


def test_counters_outlast_the_weights_of_the_best_epoch(vae, data, tmp_path):
    best = BestModel(tmp_path / "model.keras", monitor="crafted")

    class Craft(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["crafted"] = float(epoch)

    vae.fit(
        data,
        epochs=3,
        callbacks=[Craft(), best, DecayOnPlateau(best, patience=1, start_epoch=0)],
        shuffle=False,
        verbose=0,
    )
    assert best.best_epoch == 0
    calls, epochs, step, skipped, iterations = (int(counter) for counter in vae.counters)
    assert (calls, epochs, step, skipped, iterations) == (6, 3, 2, 0, 6)


@pytest.mark.parametrize(
    "arguments",
    [
        {"factor": 0.0},
        {"factor": 1.0},
        {"patience": 0},
        {"start_epoch": -1},
        {"max_decays": 0},
    ],
    ids=str,
)
def test_bad_decay(arguments, tmp_path):
    with pytest.raises(InputError, match=next(iter(arguments)).split("_")[0]):
        DecayOnPlateau(BestModel(tmp_path / "model.keras"), **arguments)
