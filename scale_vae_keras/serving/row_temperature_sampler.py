"""Sampling with a temperature of its own for each row."""

from dataclasses import dataclass

import tensorflow as tf

from scale_vae_keras.samplers.sampler import Sampler
from scale_vae_keras.samplers.temperature_sampler import inverse_cdf

LOWEST, HIGHEST = 1e-6, 1e6


@dataclass(frozen=True, eq=False)
class RowTemperatureSampler(Sampler):
    """Draws from softmax(logits / temperature), each row with its own temperature.

    Args:
        temperature: positive and finite, float32 `[batch]`; values outside [1e-6, 1e6] act like
            the nearer end, which is greedy or uniform already.
    """

    temperature: tf.Tensor

    def of_rows(self, rows: tf.Tensor) -> "RowTemperatureSampler":
        """The sampler for some rows of the batch, int32 `[kept]`."""
        return RowTemperatureSampler(tf.gather(self.temperature, rows))

    def next_token(self, logits: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
        """A random token of each row, int32 `[batch]`."""
        temperature = tf.clip_by_value(self.temperature, LOWEST, HIGHEST)[:, None]
        below_best = logits - tf.reduce_max(logits, axis=-1, keepdims=True)
        return inverse_cdf(tf.nn.softmax(below_best / temperature), uniform)
