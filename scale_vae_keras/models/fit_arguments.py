"""What `SentenceModel.fit` makes of its arguments."""

import inspect
from typing import Any

import keras

from scale_vae_keras.models.epoch_count import EpochCount
from scale_vae_keras.models.sample_weight import refuse_targets
from scale_vae_keras.schedules.order import check_order
from scale_vae_keras.schedules.skipped_steps import DivergenceGuard, SkippedSteps


def fit_arguments(model: keras.Model, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """The arguments of `keras.Model.fit` by name, with the callbacks that every run needs.

    Args:
        model: the model to be fit.
        *args: as for `fit`.
        **kwargs: as for `fit`.

    Raises:
        InputError: there are targets or class weights, or callbacks stand in a wrong order.
    """
    arguments = inspect.signature(keras.Model.fit).bind(model, *args, **kwargs).arguments
    arguments.pop("self")
    refuse_targets(arguments.get("y"), arguments.get("class_weight"))
    arguments["callbacks"] = _with_own(model, arguments.get("callbacks"))
    return arguments


def _with_own(model, callbacks):
    is_list = isinstance(callbacks, keras.callbacks.CallbackList)
    given = callbacks.callbacks if is_list else keras.tree.flatten(callbacks or [])
    check_order(given)
    own = []
    if not any(isinstance(each, EpochCount) for each in given):
        own.append(EpochCount())
    if not any(isinstance(each, SkippedSteps) for each in given):
        own.append(DivergenceGuard())
    if not is_list:
        return [*own, *given]
    for each in own:
        each.set_model(model)
        each.set_params(callbacks.params)
    callbacks.callbacks[:0] = own
    return callbacks
