import keras
import numpy as np
import pytest
import tensorflow as tf
from made_models import made_model

from scale_vae_keras.callbacks import LinearKLAnnealing, SkippedSteps
from scale_vae_keras.errors import InputError
from scale_vae_keras.models import ScaleVAE

POISON = 8
POISONED = np.array([[1, POISON, 4, 2]] * 8, np.int32)


@tf.custom_gradient
def scaled_gradient(value, scale):
    return tf.identity(value), lambda gradient: (gradient * scale, None)


@keras.saving.register_keras_serializable("tests")
class Poisoned(ScaleVAE):
    """Loss or gradient of a batch with the word `POISON` is not a number."""

    of = "loss"

    def call(self, ids, training=False):
        terms = super().call(ids, training)
        if not training:
            return terms
        scale = tf.where(tf.reduce_any(ids == POISON), np.nan, 1.0)
        loss = terms.loss * scale if self.of == "loss" else scaled_gradient(terms.loss, scale)
        return terms._replace(loss=loss)


def poisoned(of="loss", policy="float32", optimizer=keras.optimizers.SGD, rate=0.5):
    model = made_model(Poisoned, dropout=0.0, min_factor_batch=4, dtype=policy)
    model.of = of
    model.compile(optimizer(rate, global_clipnorm=5.0), run_eagerly=True)
    return model


def batches(ids, poison):
    """A batch for each entry; a poisoned one where it is true."""
    return tf.data.Dataset.from_tensor_slices(
        [POISONED if bad else np.minimum(ids[:8], POISON - 1) for bad in poison]
    )


class NoiseOfSkipped(keras.callbacks.Callback):
    """Leaves out the noise of the second call of each epoch, which another model has skipped."""

    def on_train_batch_end(self, batch, logs=None):
        if batch == 0:
            self.model.training_calls.assign_add(1)


SGD, ADAM = (keras.optimizers.SGD, 0.5), (keras.optimizers.Adam, 0.05)


@pytest.mark.parametrize(
    ("of", "policy", "optimizer"),
    [
        ("loss", "float32", SGD),
        ("gradient", "float32", ADAM),
        ("loss", "mixed_float16", ADAM),
        ("gradient", "mixed_float16", SGD),
    ],
)
def test_a_poisoned_batch_is_skipped_counted_and_left_out_of_the_logs(ids, of, policy, optimizer):
    model, healthy = poisoned(of, policy, *optimizer), poisoned(of, policy, *optimizer)
    history = model.fit(
        batches(ids, [0, 1, 0, 0]),
        epochs=2,
        callbacks=[SkippedSteps()],
        shuffle=False,
        verbose=0,
    ).history
    expected = healthy.fit(
        batches(ids, [0, 0, 0]), epochs=2, callbacks=[NoiseOfSkipped()], shuffle=False, verbose=0
    ).history
    assert history["skipped_steps"] == [1, 2]
    assert float(model.gradient_norm) == pytest.approx(float(healthy.gradient_norm))
    for name, values in expected.items():
        np.testing.assert_allclose(history[name], values, rtol=1e-6)
    assert history["loss"][1] < history["loss"][0]
    for one, other in zip(model.trainable_weights, healthy.trainable_weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def watched(max_share, steps, skip_in):
    """The step and the message at which a run of two epochs stops."""
    model = poisoned()
    guard = SkippedSteps(max_share)
    guard.set_model(model)
    guard.set_params({"steps": steps})
    for epoch in range(2):
        guard.on_epoch_begin(epoch)
        for step in range(steps):
            if step in skip_in:
                model.skipped_steps.assign(model.skipped_steps + 1)
            try:
                guard.on_train_batch_end(step)
            except InputError as error:
                return epoch, step, str(error)
        guard.on_epoch_end(epoch, {})
    return None


@pytest.mark.parametrize(
    ("max_share", "steps", "skip_in", "stops_at"),
    [
        (0.1, 300, range(30), None),  # each epoch counts for itself
        (0.1, 300, range(31), 30),
        (0.1, 300, range(0, 300, 5), 150),
        (0.5, 300, range(150), None),
        (0.1, 40, range(20), None),
        (0.1, 40, range(21), 20),
        (0.1, 3, range(2), None),
        (0.1, 3, range(3), 2),  # nothing was learnt at all
        (1.0, 300, range(300), None),
        (0.0, 300, range(21), 20),
    ],
)
def test_when_training_stops(max_share, steps, skip_in, stops_at):
    stopped = watched(max_share, steps, skip_in)
    if stops_at is None:
        assert stopped is None
    else:
        assert stopped[:2] == (0, stops_at)
        skipped = sum(step <= stops_at for step in skip_in)
        assert stopped[2].startswith(
            f"{skipped} of the first {stops_at + 1} steps of epoch 1 had a loss or a gradient that "
            f"is not finite, more than the share of {max_share:g} that is allowed of an epoch"
        )


def test_a_second_fit_counts_anew():
    model, guard = poisoned(), SkippedSteps(0.1)
    guard.set_model(model)
    guard.set_params({"steps": 100})
    for skipped in (21, 42):
        guard.on_epoch_begin(0)
        guard.on_train_batch_end(0)
        model.skipped_steps.assign(skipped)
        with pytest.raises(InputError, match="21 of the first 30 steps"):
            guard.on_train_batch_end(29)


def test_data_of_unknown_length():
    model, guard = poisoned(), SkippedSteps(0.1)
    guard.set_model(model)
    guard.set_params({"steps": None})
    guard.on_epoch_begin(0)
    model.skipped_steps.assign(21)
    guard.on_train_batch_end(209)
    with pytest.raises(InputError, match="21 of the first 200 steps of epoch 1"):
        guard.on_train_batch_end(199)


def test_a_resumed_epoch_goes_on_counting():
    model = poisoned()
    model.skipped_steps.assign(5)
    first, second = SkippedSteps(), SkippedSteps()
    for guard in (first, second):
        guard.set_model(model)
        guard.set_params({"steps": 50})
    first.on_epoch_begin(3)
    model.skipped_steps.assign(25)
    second.set_state(first.get_state())
    second.on_epoch_begin(3)
    second.on_train_batch_end(30)
    model.skipped_steps.assign(26)
    with pytest.raises(InputError, match="21 of the first 32 steps of epoch 4"):
        second.on_train_batch_end(31)


@pytest.mark.parametrize("max_share", [-0.1, float("nan")])
def test_share_out_of_range(max_share):
    with pytest.raises(InputError, match="max_skipped_share"):
        SkippedSteps(max_share)


NAMES = ("loss", "reconstruction", "kl")


def trained(ids, poison, callbacks=(), epochs=2, **arguments):
    """The history and the model of a fit without a guard among its callbacks."""
    model = poisoned()
    history = model.fit(
        batches(ids, poison), epochs=epochs, callbacks=callbacks, shuffle=False, verbose=0
    ).history
    return history, model


class Logs(keras.callbacks.Callback):
    """Notes the loss that each step shows."""

    def __init__(self):
        super().__init__()
        self.losses = []

    def on_train_batch_end(self, batch, logs=None):
        self.losses.append(float(logs["loss"]))


def test_running_means_are_not_a_number_before_the_first_step_that_counts(ids):
    shown = Logs()
    history, _ = trained(ids, [1, 1, 0], [shown])
    np.testing.assert_array_equal(np.isnan(shown.losses), [True, True, False] * 2)
    assert np.isfinite(history["loss"]).all()


def test_the_model_stops_by_itself_and_warns_once(ids, caplog):
    history, model = trained(ids, [1, 1], epochs=5)
    for name in NAMES:
        np.testing.assert_array_equal(history[name], [np.nan])
    assert model.stop_training
    (message,) = (each for each in caplog.messages if "EpochAverageScale" not in each)
    assert message.startswith("training stops: 2 of the first 2 steps of epoch 1 had a loss or a")


def test_a_guard_of_ones_own_replaces_that_of_the_model(ids, caplog):
    history, _ = trained(ids, [1, 1], [SkippedSteps(1.0)], epochs=3)
    assert np.isnan(history["loss"]).all()
    assert history["skipped_steps"] == [2, 4, 6]
    with pytest.raises(InputError, match="2 of the first 2 steps of epoch 1"):
        trained(ids, [1, 1], [SkippedSteps(0.5)])


class Break(keras.callbacks.Callback):
    """Breaks the model after its first epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            kernel = self.model.decoder.output_kernel
            kernel.assign(np.full(kernel.shape, np.nan))


@pytest.mark.parametrize("callback", ["ModelCheckpoint", "EarlyStopping", "TerminateOnNaN"])
def test_callbacks_of_keras_see_that_training_has_diverged(ids, tmp_path, callback):
    path = tmp_path / "best.keras"
    own, epochs = {
        "ModelCheckpoint": (
            keras.callbacks.ModelCheckpoint(path, monitor="loss", save_best_only=True),
            4,
        ),
        "EarlyStopping": (
            keras.callbacks.EarlyStopping("loss", patience=1, restore_best_weights=True),
            2,
        ),
        "TerminateOnNaN": (keras.callbacks.TerminateOnNaN(), 2),
    }[callback]
    callbacks = [Break(), SkippedSteps(1.0), own]
    history, model = trained(ids, [0, 0], callbacks, epochs=4)
    np.testing.assert_array_equal(np.isnan(history["loss"]), [False, True, True, True][:epochs])
    if callback == "ModelCheckpoint":
        model.load_weights(path)
    if callback == "TerminateOnNaN":
        assert int(model.training_calls) == 3
    else:
        assert np.isfinite(model.decoder.output_kernel).all()


def test_a_rate_that_breaks_the_model_ends_the_run_with_nan(ids):
    keras.utils.set_random_seed(2)
    model = ScaleVAE(9, 2, 5, 6, dropout=0.0, min_factor_batch=4)
    model.compile(keras.optimizers.SGD(1e6))
    data = tf.data.Dataset.from_tensor_slices(ids).batch(8)
    schedule = LinearKLAnnealing(1.0, 0)
    losses = model.fit(data, epochs=4, callbacks=[schedule], shuffle=False, verbose=0).history[
        "loss"
    ]
    assert len(losses) < 4
    assert np.isnan(losses[-1])
    assert 0.0 not in losses
