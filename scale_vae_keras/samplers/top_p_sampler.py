"""Nucleus sampling."""

from dataclasses import dataclass
from typing import ClassVar

import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.samplers.sampler import Sampler
from scale_vae_keras.samplers.temperature_sampler import check_temperature, inverse_cdf, tempered


@dataclass(frozen=True, repr=False)
class TopPSampler(Sampler):
    """Draws among the most probable tokens that together reach probability p.

    Holtzman et al. (2020). The temperature is applied first.

    Args:
        p: share of the probability that is kept, in (0, 1].
        temperature: 1 is the model's own distribution.

    Raises:
        InputError: p is not in (0, 1], or the temperature is not positive and finite.

    Example:
        >>> logits = tf.math.log([[0.2, 0.5, 0.3]])
        >>> [
        ...     int(sv.samplers.TopPSampler(p=0.7).next_token(logits, tf.constant([uniform]))[0])
        ...     for uniform in (0.0, 0.6, 0.7, 0.99)
        ... ]
        [1, 1, 2, 2]
    """

    p: float = 0.9
    temperature: float = 1.0
    numbers: ClassVar[dict[str, tf.DType]] = {"p": tf.float32, "temperature": tf.float32}

    def __post_init__(self):
        super().__post_init__()
        check_temperature(self.temperature)
        if not 0 < self.p <= 1:
            raise InputError(f"top-p must be above 0 and at most 1, got {self.p}")

    def next_token(self, logits: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
        """A random token of each row, int32 `[batch]`."""
        tokens = tf.argsort(logits, axis=-1, direction="DESCENDING", stable=True)
        ordered = tf.gather(logits, tokens, batch_dims=1)
        probability = tempered(ordered, self.temperature)
        reached_before = tf.cumsum(probability, axis=-1, exclusive=True)
        place = inverse_cdf(tf.where(reached_before < self.p, probability, 0.0), uniform)
        return tf.gather(tokens, place, batch_dims=1)
