"""Sampling from the tempered distribution."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.samplers.sampler import Sampler
from scale_vae_keras.settings import real_number

LOWEST, HIGHEST = 1e-6, 1e6
"""Temperatures beyond act like the nearer one, which is greedy or uniform already; quotients by
them would overflow, or let tokens be drawn that are ruled out."""

_BLOCK = 64


def check_temperature(temperature: float) -> None:
    """Raises InputError unless the temperature is positive and finite."""
    try:
        real_number("temperature", temperature, above=0)
    except InputError as error:
        greedy = "; top-k 1 takes the most likely token" if np.array_equal(temperature, 0) else ""
        raise InputError(f"{error}{greedy}") from None


def tempered(logits: tf.Tensor, temperature: float | tf.Tensor) -> tf.Tensor:
    """softmax(logits / temperature), `[batch, choices]`."""
    if not tf.is_tensor(temperature) and temperature == 1:
        return tf.nn.softmax(logits)
    return tf.nn.softmax(logits / tf.clip_by_value(temperature, LOWEST, HIGHEST))


def inverse_cdf(weights: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
    """Index drawn with probability proportional to its weight.

    Sums over blocks say which block holds the draw, and only that block is summed up entry by
    entry: a cumulative sum over all choices is many times slower. A weight of zero is never drawn.

    Args:
        weights: not negative, not all zero, float32 `[batch, choices]`.
        uniform: float32 `[batch]` in [0, 1).

    Returns:
        int32 `[batch]`.
    """
    missing = -tf.shape(weights)[1] % _BLOCK
    padded = tf.pad(weights, [[0, 0], [0, missing]])
    blocks = tf.reshape(padded, [tf.shape(padded)[0], tf.shape(padded)[1] // _BLOCK, _BLOCK])
    sums = tf.reduce_sum(blocks, axis=2)
    cumulative = tf.cumsum(sums, axis=1)
    threshold = uniform * cumulative[:, -1]
    block = _first_above(sums, cumulative, threshold)
    before = tf.gather(tf.pad(cumulative, [[0, 0], [1, 0]]), block, batch_dims=1)
    entries = tf.gather(blocks, block, batch_dims=1)
    within = tf.cumsum(entries, axis=1)
    return block * _BLOCK + _first_above(entries, within, threshold - before)


def _first_above(weights, cumulative, threshold):
    """First place with a weight whose sum is above the threshold, or is the largest of all.

    GPUs add in parallel: by rounding a sum may be below an earlier one, or above it at a weight of
    zero. So no place without a weight is looked at, and none is searched for by halving.
    """
    weighted = weights > 0
    largest = tf.reduce_max(tf.where(weighted, cumulative, 0.0), axis=1, keepdims=True)
    found = weighted & ((cumulative > threshold[:, None]) | (cumulative >= largest))
    # Places are float32, since TensorFlow computes with int32 on the processor.
    places = tf.range(tf.cast(tf.shape(weights)[1], tf.float32))
    return tf.cast(tf.reduce_min(tf.where(found, places, places[-1]), axis=1), tf.int32)


@dataclass(frozen=True, repr=False)
class TemperatureSampler(Sampler):
    """Draws from softmax(logits / temperature).

    Args:
        temperature: 1 is the model's own distribution, towards 0 is greedy.

    Raises:
        InputError: the temperature is not positive and finite.

    Example:
        >>> logits = tf.math.log([[0.2, 0.5, 0.3]])
        >>> uniform = tf.constant([0.9])
        >>> sv.samplers.TemperatureSampler(1.0).next_token(logits, uniform).numpy()
        array([2], dtype=int32)
        >>> sv.samplers.TemperatureSampler(0.1).next_token(logits, uniform).numpy()
        array([1], dtype=int32)
    """

    temperature: float = 1.0
    numbers: ClassVar[dict[str, tf.DType]] = {"temperature": tf.float32}

    def __post_init__(self):
        super().__post_init__()
        check_temperature(self.temperature)

    def next_token(self, logits: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
        """A random token of each row, int32 `[batch]`."""
        return inverse_cdf(tempered(logits, self.temperature), uniform)
