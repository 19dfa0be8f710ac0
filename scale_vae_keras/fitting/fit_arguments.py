"""Prepares the arguments of `SentenceModel.fit`."""

import inspect
import math
from typing import Any

import keras

from scale_vae_keras.conditions.labelled_batches import with_labels
from scale_vae_keras.data.input_checks import holds_sentences
from scale_vae_keras.errors import InputError
from scale_vae_keras.schedules.epoch_average_scale import EpochAverageScale
from scale_vae_keras.schedules.epoch_count import EpochCount
from scale_vae_keras.schedules.order import check_order
from scale_vae_keras.schedules.skipped_steps import DivergenceGuard, SkippedSteps
from scale_vae_keras.schedules.weight_schedule import WeightSchedule
from scale_vae_keras.training.sample_weight import refuse_targets, with_weights

_RATES = (keras.callbacks.LearningRateScheduler, keras.callbacks.ReduceLROnPlateau)
"""Callbacks of Keras that set the learning rate; two of these may go together."""


def fit_arguments(model: keras.Model, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """The arguments of `keras.Model.fit` by name, with the callbacks that every run needs.

    Args:
        model: the model to train.
        *args: as for `fit`.
        **kwargs: as for `fit`.

    Raises:
        InputError: there are targets or class weights, callbacks contradict each other, or
            `validation_split` leaves no sentence to a part, or a number of steps is no multiple of
            `steps_per_execution`.
    """
    arguments = inspect.signature(keras.Model.fit).bind(model, *args, **kwargs).arguments
    arguments.pop("self")
    _split_off_validation(arguments)
    if model.labels:
        arguments = with_labels(model, arguments, training=True)
    else:
        refuse_targets(arguments.get("y"), arguments.get("class_weight"))
    arguments["callbacks"] = _with_own(model, arguments.get("callbacks"))
    for name in ("steps_per_epoch", "validation_steps"):
        _check_steps(model, name, arguments.get(name))
    size = arguments.get("batch_size")
    if _has_dropped_weights(arguments):
        shuffle, arguments["shuffle"] = arguments.get("shuffle", True), False
        weights = arguments.pop("sample_weight")
        arguments["x"] = with_weights(arguments["x"], weights, size, shuffle)
    validation = arguments.get("validation_data")
    if isinstance(validation, tuple):
        ids, target, weights = keras.utils.unpack_x_y_sample_weight(validation)
        refuse_targets(target)
        size = arguments.get("validation_batch_size") or size
        arguments["validation_data"] = with_weights(ids, weights, size)
    return arguments


def evaluate_arguments(model: keras.Model, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """The arguments of `keras.Model.evaluate` by name, with the weights in the batches.

    Args:
        model: the model to evaluate.
        *args: as for `evaluate`.
        **kwargs: as for `evaluate`.

    Raises:
        InputError: there are targets, or the number of steps is no multiple of
            `steps_per_execution`.
    """
    bound = inspect.signature(keras.Model.evaluate).bind(model, *args, **kwargs).arguments
    bound.pop("self")
    arguments = bound | bound.pop("kwargs", {})
    _check_steps(model, "steps", arguments.get("steps"))
    if model.labels:
        return with_labels(model, arguments, training=False)
    refuse_targets(arguments.get("y"))
    if _has_dropped_weights(arguments):
        weights = arguments.pop("sample_weight")
        arguments["x"] = with_weights(arguments["x"], weights, arguments.get("batch_size"))
    return arguments


def _check_steps(model, name, steps):
    """Refuses a number of steps that Keras would exceed, as it counts calls of several steps."""
    of_call = model.steps_per_execution
    if steps is not None and steps % of_call:
        raise InputError(
            f"{name}={steps} is no multiple of steps_per_execution={of_call}: give one that is"
        )


def _split_off_validation(arguments):
    """Divides arrays as Keras does, before they become datasets: the last part validates."""
    x, share = arguments.get("x"), arguments.get("validation_split")
    if not share or arguments.get("validation_data") is not None:
        return
    if not holds_sentences(x):
        return
    cut = math.floor(len(x) * (1 - share))
    if not 0 < cut < len(x):
        raise InputError(f"validation_split={share} leaves no sentence to a part of {len(x)}")
    parts = {name: arguments.get(name) for name in ("x", "y", "sample_weight")}
    arguments["validation_data"] = tuple(
        None if part is None else part[cut:] for part in parts.values()
    )
    arguments |= {name: part[:cut] for name, part in parts.items() if part is not None}
    del arguments["validation_split"]


def _has_dropped_weights(arguments):
    """Whether there are weights, which Keras would leave out, as there are no targets."""
    if arguments.get("sample_weight") is None:
        return False
    if not holds_sentences(arguments.get("x")):
        raise InputError(
            "sample_weight goes with arrays of ids: let the batches be (ids, None, sample_weight)"
        )
    return True


def _refuse_rivals(callbacks):
    """Refuses two schedules of the same thing, of which the last would decide."""
    rates = [each for each in callbacks if isinstance(each, _RATES) or hasattr(each, "sets_rate")]
    if len(rates) > 1 and any(hasattr(each, "sets_rate") for each in rates):
        raise _rivals(*rates[:2], "the learning rate")
    scheduled = {}
    for each in callbacks:
        if isinstance(each, WeightSchedule):
            what = each.weight
        elif isinstance(each, EpochAverageScale):
            what = "the factor"
        else:
            continue
        if what in scheduled:
            raise _rivals(scheduled[what], each, what)
        scheduled[what] = each


def _rivals(first, second, what):
    return InputError(
        f"{type(first).__name__} and {type(second).__name__} both set {what}: give one of them to "
        "fit"
    )


def _with_own(model, callbacks):
    is_list = isinstance(callbacks, keras.callbacks.CallbackList)
    given = callbacks.callbacks if is_list else keras.tree.flatten(callbacks or [])
    check_order(given)
    _refuse_rivals(given)
    own = []
    if not any(isinstance(each, EpochCount) for each in given):
        own.append(EpochCount())
    if not any(isinstance(each, SkippedSteps) for each in given):
        own.append(DivergenceGuard())
    own += model.own_callbacks
    if not is_list:
        return [*own, *given]
    for each in own:
        each.set_model(model)
        each.set_params(callbacks.params)
    callbacks.callbacks[:0] = own
    return callbacks
