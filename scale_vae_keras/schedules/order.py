"""The order in which callbacks depend on each other."""

from collections.abc import Iterable
from enum import IntEnum

import keras

from scale_vae_keras.errors import InputError


class Stage(IntEnum):
    """When a callback acts within an event; one stage uses what those before it have done.

    A callback of this package names its stage as the attribute `stage`. A callback without one may
    stand anywhere.

    Example:
        >>> class Report(keras.callbacks.Callback):
        ...     stage = sv.callbacks.Stage.LOG
        >>> guard = sv.callbacks.SkippedSteps()
        >>> [type(each).__name__ for each in sv.callbacks.in_order([Report(), guard])]
        ['SkippedSteps', 'Report']
    """

    GUARD = 1
    """Stops a run that no longer learns."""
    SCHEDULE = 2
    """Changes what the model trains on, or what it scales and generates with."""
    PRIOR = 3
    """Fits the prior to what the schedule left."""
    MONITOR = 4
    """Measures the model, and adds what it measured to the logs of the epoch."""
    BEST = 5
    """Compares what was measured, and keeps the best model."""
    LOG = 6
    """Writes what was measured for TensorBoard."""
    DECAY = 7
    """Changes the learning rate, or returns to the best weights, for the next epoch."""
    TABLE = 8
    """Writes the whole row of an epoch."""
    PROFILE = 9
    """Records a profile of some steps."""
    CHECKPOINT = 10
    """Saves the state of everything else."""


_OF_KERAS = {
    keras.callbacks.TerminateOnNaN: Stage.GUARD,
    keras.callbacks.ModelCheckpoint: Stage.BEST,
    keras.callbacks.EarlyStopping: Stage.BEST,
    keras.callbacks.TensorBoard: Stage.LOG,
    keras.callbacks.ReduceLROnPlateau: Stage.DECAY,
    keras.callbacks.CSVLogger: Stage.TABLE,
    keras.callbacks.BackupAndRestore: Stage.CHECKPOINT,
}


def stage_of(callback: keras.callbacks.Callback) -> Stage | None:
    """The stage of a callback, one of Keras' own included; None where it may stand anywhere."""
    own = getattr(callback, "stage", None)
    if own is not None:
        return own
    return next((stage for kind, stage in _OF_KERAS.items() if isinstance(callback, kind)), None)


def in_order(callbacks: Iterable[keras.callbacks.Callback]) -> list[keras.callbacks.Callback]:
    """Callbacks by their stages; those of one stage stay in their order.

    A callback without a stage stays behind the one that it followed.

    Example:
        >>> from scale_vae_keras.callbacks import EpochAverageScale, in_order
        >>> checkpoint = keras.callbacks.ModelCheckpoint("best.keras")
        >>> [type(each).__name__ for each in in_order([checkpoint, EpochAverageScale()])]
        ['EpochAverageScale', 'ModelCheckpoint']
    """
    placed, last = [], Stage.GUARD
    for callback in callbacks:
        stage = stage_of(callback)
        last = last if stage is None else stage
        placed.append((last, callback))
    return [callback for _, callback in sorted(placed, key=lambda pair: pair[0])]


def check_order(callbacks: Iterable[keras.callbacks.Callback]) -> None:
    """Refuses callbacks that stand in an order in which one misses what another does.

    Raises:
        InputError: a callback stands after one of a later stage; says which two.
    """
    latest = None
    for callback in callbacks:
        stage = stage_of(callback)
        if stage is None:
            continue
        if latest is not None and stage < stage_of(latest):
            raise InputError(
                f"{type(callback).__name__} stands after {type(latest).__name__}, which needs what "
                f"it does: pass callbacks=sv.callbacks.in_order([...]) to fit"
            )
        latest = callback
