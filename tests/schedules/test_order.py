import keras
import pytest

from scale_vae_keras.callbacks import (
    BestModel,
    BoundAnnealing,
    CyclicalKLAnnealing,
    EpochAverageScale,
    HalvingSchedule,
    LatentMonitor,
    LinearKLAnnealing,
    SkippedSteps,
    Stage,
    in_order,
)
from scale_vae_keras.errors import InputError


def names(callbacks):
    return [type(each).__name__ for each in callbacks]


def test_callbacks_are_put_in_the_order_of_their_stages():
    shuffled = [
        keras.callbacks.ModelCheckpoint("best.keras"),
        LatentMonitor(None),
        LinearKLAnnealing(),
        EpochAverageScale(),
        SkippedSteps(),
    ]
    assert names(in_order(shuffled)) == [
        *("SkippedSteps", "LinearKLAnnealing", "EpochAverageScale", "LatentMonitor"),
        "ModelCheckpoint",
    ]


def test_a_callback_without_a_stage_follows_the_one_before_it():
    own = keras.callbacks.LambdaCallback()
    assert names(in_order([BestModel("m.keras"), own, EpochAverageScale()])) == [
        *("EpochAverageScale", "BestModel", "LambdaCallback")
    ]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda data: [LatentMonitor(data), EpochAverageScale()],
            "EpochAverageScale stands after LatentMonitor",
        ),
        (
            lambda data: [keras.callbacks.EarlyStopping("val_elbo_nll"), LatentMonitor(data)],
            "LatentMonitor stands after EarlyStopping",
        ),
        (
            lambda data: [EpochAverageScale(f_epo=2), EpochAverageScale()],
            "EpochAverageScale and EpochAverageScale both set the factor: give one",
        ),
        (
            lambda data: [LinearKLAnnealing(), CyclicalKLAnnealing(2, 1)],
            "LinearKLAnnealing and CyclicalKLAnnealing both set kl_weight: give one",
        ),
        (
            lambda data: [
                keras.callbacks.ReduceLROnPlateau("val_loss"),
                HalvingSchedule(0.5, 1),
            ],
            "ReduceLROnPlateau and HalvingSchedule both set the learning rate: give one",
        ),
    ],
)
def test_fit_refuses_callbacks_that_contradict_each_other_before_it_trains(
    scale_vae, data, make, message
):
    before = [weight.copy() for weight in scale_vae.get_weights()]
    with pytest.raises(InputError, match=message):
        scale_vae.fit(data, validation_data=data, verbose=0, shuffle=False, callbacks=make(data))
    assert all((a == b).all() for a, b in zip(before, scale_vae.get_weights(), strict=True))


def test_the_right_order_trains(scale_vae, data):
    callbacks = in_order([LatentMonitor(data), EpochAverageScale()])
    history = scale_vae.fit(
        data, validation_data=data, verbose=0, shuffle=False, callbacks=callbacks
    )
    assert "factor_mean" in history.history


def test_every_callback_of_the_package_has_a_stage():
    from scale_vae_keras import callbacks

    classes = [getattr(callbacks, name) for name in callbacks.__all__]
    kinds = [c for c in classes if isinstance(c, type) and issubclass(c, keras.callbacks.Callback)]
    assert BoundAnnealing in kinds
    assert all(isinstance(kind.stage, Stage) for kind in kinds)
