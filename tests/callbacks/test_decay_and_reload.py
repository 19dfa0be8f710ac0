"""What DecayOnPlateau counts as worse, and what it leaves alone when it loads the best weights."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from made_models import made_model

from scale_vae_keras.callbacks import (
    BestModel,
    DecayOnPlateau,
    EpochAverageScale,
    HalvingSchedule,
    in_order,
)
from scale_vae_keras.errors import InputError
from scale_vae_keras.models import ScaleVAE
from scale_vae_keras.schedules.order import Stage


def end_epochs(model, path, losses, each=lambda epoch: None, **arguments):
    """The learning rate after each epoch with these validation losses."""
    best = BestModel(path / "model.keras")
    decay = DecayOnPlateau(best, **{"start_epoch": 0, **arguments})
    rates = []
    for callback in (best, decay):
        callback.set_model(model)
    for epoch, loss in enumerate(losses):
        each(epoch)
        logs = {"val_loss": loss}
        best.on_epoch_end(epoch, logs)
        decay.on_epoch_end(epoch, logs)
        rates.append(float(model.optimizer.learning_rate))
    return rates


def test_the_counts_of_steps_go_on_when_the_best_weights_come_back(vae, tmp_path):
    """Noise and dropout follow `iterations`: going back would draw the same again."""
    kernel = vae.decoder.output_kernel

    def train(epoch):
        vae.optimizer.iterations.assign(100 * (epoch + 1))
        vae.skipped_steps.assign(7 * (epoch + 1))
        kernel.assign(np.full(kernel.shape, epoch, np.float32))

    rates = end_epochs(vae, tmp_path, [1.0, 2.0], train, patience=1)
    assert rates == [0.5, 0.25]
    assert np.all(np.array(kernel) == 0), "the weights of the first epoch are back"
    assert int(vae.optimizer.iterations) == 200
    assert int(vae.skipped_steps) == 14


@pytest.mark.parametrize(
    ("losses", "rates"),
    [
        ([1.0, 1.0, 1.0, 1.0], [0.5, 0.5, 0.5, 0.5]),
        ([1.0, 2.0, 1.0, 2.0], [0.5, 0.5, 0.5, 0.5]),
        ([1.0, 2.0, 2.0, 2.0], [0.5, 0.5, 0.25, 0.25]),
    ],
)
def test_an_epoch_as_good_as_the_reference_is_not_worse(vae, tmp_path, losses, rates):
    assert end_epochs(vae, tmp_path, losses, patience=2) == rates


def test_a_loss_that_is_no_number_is_worse_than_any_that_comes_after(vae, tmp_path):
    losses = [3.0, float("nan"), 2.0, 1.9, 2.5]
    assert end_epochs(vae, tmp_path, losses, patience=1) == [0.5, 0.25, 0.25, 0.25, 0.125]


def test_the_best_model_of_an_earlier_run_is_not_taken_for_that_of_this_one(vae, tmp_path):
    vae.save(tmp_path / "model.keras")
    with pytest.raises(InputError, match="no val_loss was finite so far"):
        end_epochs(vae, tmp_path, [float("nan")] * 2, patience=1)


def test_the_epoch_average_stays_in_effect_in_a_second_fit_after_a_reload(tmp_path):
    ids = np.random.default_rng(0).integers(4, 9, (16, 4))
    ids[:, 0], ids[:, -1] = 1, 2
    batches = tf.data.Dataset.from_tensors(ids)
    model = made_model(ScaleVAE)
    model.compile(keras.optimizers.SGD(0.1))
    best = BestModel(tmp_path / "model.keras")
    in_effect = []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            in_effect.append(float(self.model.posterior_scale.in_effect))

    class Worse(keras.callbacks.Callback):
        """Every epoch is worse than the one before."""

        stage = Stage.GUARD

        def on_epoch_end(self, epoch, logs=None):
            logs["val_loss"] = float(len(in_effect))

    decay = DecayOnPlateau(best, patience=1, start_epoch=0, max_decays=9)
    callbacks = in_order([EpochAverageScale(f_epo=3), Watch(), Worse(), best, decay])
    given = {"validation_data": batches, "callbacks": callbacks, "shuffle": False, "verbose": 0}
    for epochs in (5, 2):
        model.fit(batches, epochs=epochs, **given)
    assert decay.decays == 6
    assert in_effect == [0, 0, 0, 1, 1, 1, 1]


def test_a_rate_with_a_schedule_of_its_own_is_refused(vae, data, tmp_path):
    vae.compile(keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 5, 0.5)))
    best = BestModel(tmp_path / "model.keras")
    callbacks = [best, DecayOnPlateau(best)]
    with pytest.raises(InputError, match="the optimizer has a schedule of its own"):
        vae.fit(data, validation_data=data, callbacks=callbacks, shuffle=False, verbose=0)
    with pytest.raises(InputError, match="its learning rate, which HalvingSchedule lowers"):
        vae.fit(data, callbacks=[HalvingSchedule(0.1, 1)], shuffle=False, verbose=0)


def test_the_best_model_has_to_be_kept(vae, data, tmp_path):
    best = BestModel(tmp_path / "best.keras")
    with pytest.raises(InputError, match="loads what its BestModel keeps: give fit that, too"):
        vae.fit(data, shuffle=False, verbose=0, callbacks=[DecayOnPlateau(best)])


def test_what_is_monitored_is_there_and_falls(vae, data, tmp_path):
    with pytest.raises(InputError, match="keeps the least mi, and more of it is better"):
        BestModel(tmp_path / "best.keras", "mi")
    best = BestModel(tmp_path / "best.keras", "val_los")
    with pytest.raises(InputError, match=r"no 'val_los': choose one of .*val_loss"):
        vae.fit(data, validation_data=data, shuffle=False, verbose=0, callbacks=[best])
