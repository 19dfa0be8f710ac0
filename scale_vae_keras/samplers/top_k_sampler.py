"""Sampling among the k most probable tokens."""

from dataclasses import dataclass
from typing import ClassVar

import tensorflow as tf

from scale_vae_keras.samplers.sampler import Sampler
from scale_vae_keras.samplers.temperature_sampler import check_temperature, inverse_cdf, tempered
from scale_vae_keras.settings import LARGEST_INT32, whole_number


@dataclass(frozen=True, repr=False)
class TopKSampler(Sampler):
    """Draws from softmax(logits / temperature) restricted to its k most probable tokens.

    Args:
        k: number of tokens; a vocabulary with fewer is used whole.
        temperature: 1 is the model's own distribution.

    Raises:
        InputError: k is no whole number from 1 to the largest int32, or the temperature is not
            positive and finite.

    Example:
        >>> logits = tf.math.log([[0.2, 0.5, 0.3]])
        >>> [
        ...     int(sv.samplers.TopKSampler(k=2).next_token(logits, tf.constant([uniform]))[0])
        ...     for uniform in (0.0, 0.6, 0.7, 0.99)
        ... ]
        [1, 1, 2, 2]
    """

    k: int = 40
    temperature: float = 1.0
    numbers: ClassVar[dict[str, tf.DType]] = {"k": tf.int32, "temperature": tf.float32}

    def __post_init__(self):
        super().__post_init__()
        check_temperature(self.temperature)
        whole_number("top-k", self.k, 1, LARGEST_INT32)

    def next_token(self, logits: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
        """A random token of each row, int32 `[batch]`."""
        best, tokens = tf.math.top_k(logits, tf.minimum(self.k, tf.shape(logits)[-1]))
        place = inverse_cdf(tempered(best, self.temperature), uniform)
        return tf.gather(tokens, place, batch_dims=1)
