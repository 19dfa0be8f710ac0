"""The memory of earlier gradients in an optimizer."""

import keras
import tensorflow as tf


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


def forget_gradients(optimizer: keras.optimizers.Optimizer) -> None:
    """Resets an optimizer that remembers gradients, except for its learning rate.

    Plain SGD has nothing to forget, and its step count continues.

    Args:
        optimizer: a built optimizer.
    """
    for each in _memory(optimizer):
        each.assign(tf.zeros(each.shape, each.dtype))
