"""The memory of earlier gradients in an optimizer."""

import keras

from scale_vae_keras.layers.replica import host_value


def _inner(optimizer):
    return getattr(optimizer, "inner_optimizer", optimizer)


def _memory(optimizer):
    """What it holds for each weight, such as momentum, and the count of steps that goes with it."""
    variables = _inner(optimizer).variables
    held = [each for each in variables if each.name not in ("iteration", "learning_rate")]
    return [each for each in variables if each.name == "iteration"] + held if held else []


def averages_weights(optimizer: keras.optimizers.Optimizer) -> bool:
    """Whether it replaces the weights by their moving average when training ends."""
    return bool(_inner(optimizer).use_ema)


def moves_without_gradient(optimizer: keras.optimizers.Optimizer) -> bool:
    """Whether a step with a gradient of 0 changes a weight: it does with all but plain SGD.

    Args:
        optimizer: a built optimizer.
    """
    return bool(_memory(optimizer) or _inner(optimizer).weight_decay)


def forget_gradients(
    optimizer: keras.optimizers.Optimizer, variables: list[keras.Variable]
) -> None:
    """Makes an optimizer that remembers gradients as it was built, except for its learning rate.

    Plain SGD has nothing to forget, and its step count continues.

    Args:
        optimizer: a built optimizer.
        variables: the weights that it was built for.
    """
    memory = _memory(optimizer)
    if not memory:
        return
    # Some begin with other values than 0, such as Adagrad's accumulators.
    inner = _inner(optimizer)
    new = type(inner).from_config(inner.get_config())
    new.build(variables)
    for each, initial in zip(memory, _memory(new), strict=True):
        each.assign(host_value(initial))
