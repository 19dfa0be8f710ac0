"""Sampling from the tempered distribution."""

from dataclasses import dataclass

import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.samplers.sampler import Sampler


def check_temperature(temperature: float) -> None:
    """Raises InputError unless the temperature is positive and finite."""
    if not 0 < temperature < float("inf"):
        raise InputError(f"temperature must be positive and finite, got {temperature}")


def inverse_cdf(weights: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
    """Index drawn with probability proportional to its weight.

    Args:
        weights: not negative, float32 `[batch, choices]`.
        uniform: float32 `[batch]` in [0, 1).

    Returns:
        int32 `[batch]`.
    """
    cumulative = tf.cumsum(weights, axis=-1)
    threshold = uniform[:, None] * cumulative[:, -1:]
    index = tf.searchsorted(cumulative, threshold, side="right")[:, 0]
    return tf.minimum(index, tf.shape(weights)[-1] - 1)


@dataclass(frozen=True)
class TemperatureSampler(Sampler):
    """Draws from softmax(logits / temperature).

    Args:
        temperature: 1 is the model's own distribution, towards 0 is greedy.

    Raises:
        InputError: the temperature is not positive and finite.
    """

    temperature: float = 1.0

    def __post_init__(self):
        check_temperature(self.temperature)

    def next_token(self, logits: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
        """A random token of each row, int32 `[batch]`."""
        return inverse_cdf(tf.nn.softmax(logits / self.temperature), uniform)
