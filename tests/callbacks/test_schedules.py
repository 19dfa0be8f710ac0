"""LinearKLAnnealing, BoundAnnealing, HalvingSchedule and DecayOnPlateau."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from scale_vae_keras.callbacks import (
    BestModel,
    BoundAnnealing,
    DecayOnPlateau,
    EpochAverageScale,
    HalvingSchedule,
    LinearKLAnnealing,
)
from scale_vae_keras.errors import InputError


class Weights(keras.callbacks.Callback):
    def __init__(self, name):
        super().__init__()
        self.name = name
        self.seen = []

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(float(getattr(self.model, self.name)))


def annealed(vae, dataset, annealing, weight="kl_weight", **arguments):
    probe = Weights(weight)
    history = vae.fit(
        dataset, callbacks=[annealing, probe], shuffle=False, verbose=0, **arguments
    ).history
    return probe.seen, history


def test_annealing_is_linear_a_step(vae, ids):
    five = tf.data.Dataset.from_tensor_slices(ids[:10]).batch(2)
    seen, history = annealed(vae, five, LinearKLAnnealing(0.1, 2), epochs=3)
    np.testing.assert_allclose(
        seen, [0.1, 0.19, 0.28, 0.37, 0.46, 0.55, 0.64, 0.73, 0.82, 0.91] + [1.0] * 5, rtol=1e-6
    )
    np.testing.assert_allclose(history["kl_weight"], [0.46, 0.91, 1.0], rtol=1e-6)


def test_annealing_goes_on_in_a_resumed_run(vae, data):
    seen, _ = annealed(vae, data, LinearKLAnnealing(0.0, 4), initial_epoch=3, epochs=5)
    np.testing.assert_allclose(seen, [0.75, 0.875, 1.0, 1.0])


def test_no_annealing(vae, data):
    seen, _ = annealed(vae, data, LinearKLAnnealing(0.5, 0))
    assert seen == [1.0, 1.0]


def test_the_training_loss_is_weighted_and_the_validation_loss_is_not(vae, data):
    vae.optimizer.learning_rate = 1e-12
    _, history = annealed(vae, data, LinearKLAnnealing(0.0, 10**6), validation_data=data)
    np.testing.assert_allclose(history["loss"], history["reconstruction"], rtol=1e-4)
    np.testing.assert_allclose(
        history["val_loss"], np.add(history["val_reconstruction"], history["val_kl"]), rtol=1e-5
    )
    assert history["val_kl"][0] > 1e-3


def test_annealing_over_data_of_unknown_length_says_what_to_do(vae, data):
    with pytest.raises(InputError, match="steps_per_epoch"):
        annealed(vae, data.filter(lambda ids: True), LinearKLAnnealing(0.0, 2), epochs=2)


@pytest.mark.parametrize("arguments", [(-0.1, 1), (1.1, 1), (float("nan"), 1), (0.0, -1)])
def test_bad_annealing(arguments):
    with pytest.raises(InputError, match="KL weight"):
        LinearKLAnnealing(*arguments)


@pytest.mark.parametrize(
    ("annealing", "expected"),
    [
        (BoundAnnealing(1, 2), [0, 0, 0, 0.25, 0.5, 0.75, 1, 1]),
        (BoundAnnealing(2, 0), [0, 0, 0, 0, 1, 1, 1, 1]),
        (BoundAnnealing(0, 4), [0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875]),
    ],
)
def test_the_bound_is_annealed_linearly_a_step(bounded, data, annealing, expected):
    seen, history = annealed(bounded, data, annealing, "bound_weight", epochs=4)
    np.testing.assert_allclose(seen, expected)
    np.testing.assert_allclose(history["bound_weight"], expected[1::2])


def test_annealing_of_the_bound_goes_on_in_a_resumed_run(bounded, data):
    seen, _ = annealed(
        bounded, data, BoundAnnealing(1, 2), "bound_weight", initial_epoch=2, epochs=4
    )
    np.testing.assert_allclose(seen, [0.5, 0.75, 1, 1])


def test_a_bound_that_cannot_be_annealed(vae, bounded, data):
    with pytest.raises(InputError, match=r'needs a ScaleVAE\(bound="annealed"\)'):
        annealed(vae, data, BoundAnnealing())
    with pytest.raises(InputError, match="steps_per_epoch"):
        annealed(bounded, data.filter(lambda ids: True), BoundAnnealing(), epochs=2)
    for arguments in ((-1, 2), (1, -2)):
        with pytest.raises(InputError, match="cannot be annealed"):
            BoundAnnealing(*arguments)


def test_halving(vae, data):
    history = vae.fit(
        data, epochs=5, callbacks=[HalvingSchedule(0.8, 2)], shuffle=False, verbose=0
    ).history
    np.testing.assert_allclose(history["learning_rate"], [0.8, 0.8, 0.4, 0.2, 0.1], rtol=1e-6)


@pytest.mark.parametrize("arguments", [(0.0, 1), (-1.0, 1), (0.5, 0)])
def test_bad_halving(arguments):
    with pytest.raises(InputError, match="learning_rate must be positive"):
        HalvingSchedule(*arguments)


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
    assert float(scale_vae.posterior_scale.in_force) == 1
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
