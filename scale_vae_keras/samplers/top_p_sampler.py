"""Nucleus sampling."""

from dataclasses import dataclass
from typing import ClassVar

import tensorflow as tf

from scale_vae_keras.samplers.sampler import Sampler
from scale_vae_keras.samplers.temperature_sampler import check_temperature, inverse_cdf, tempered
from scale_vae_keras.settings import real_number

_UNIFORMS = 2**24
"""Steps of a uniform number: a float32 in [0, 1) has no finer ones near 1."""


def draw_likely(
    logits: tf.Tensor, probability: tf.Tensor, p: float | tf.Tensor, uniform: tf.Tensor
) -> tf.Tensor:
    """Draws among the most probable tokens that together reach probability p.

    A draw from all tokens is kept if those before it, by probability, reach less than p. If not,
    neither it nor any token after it is one of the most probable, and the row draws again among
    the others. So nothing is sorted, which takes many times as long as a few draws.

    Args:
        logits: the order of the tokens, float32 `[batch, vocabulary]`; of equal ones the first
            comes first.
        probability: `[batch, vocabulary]`.
        p: in (0, 1], a number or float32 `[batch]`; with 1 the first draw is kept.
        uniform: the number of each row's first draw, float32 `[batch]` in [0, 1); further draws
            take numbers that follow from it.

    Returns:
        int32 `[batch]`.
    """
    batch, vocabulary = tf.unstack(tf.shape(logits))
    places = tf.range(vocabulary)

    def draw(chosen, rows, logits, weights, p, uniform):
        token = inverse_cdf(weights, uniform)
        chosen = tf.tensor_scatter_nd_update(chosen, rows[:, None], token)
        own = tf.gather(logits, token, batch_dims=1)[:, None]
        before = (logits > own) | ((logits == own) & (places < token[:, None]))
        weights = tf.where(before, weights, 0.0)
        reached = tf.reduce_sum(weights, axis=1)
        # The most probable token is always one of them, though p may be 0 in float32.
        outside = (reached >= p) & (reached > 0) & (p < 1)
        left = [tf.boolean_mask(each, outside) for each in (rows, logits, weights, p, uniform)]
        return chosen, *left[:-1], _next_uniform(left[-1])

    state = (
        tf.zeros([batch], tf.int32),
        tf.range(batch),
        logits,
        probability,
        tf.broadcast_to(p, [batch]),
        uniform,
    )
    row, table = tf.TensorShape([None]), tf.TensorShape([None, logits.shape[1]])
    return tf.while_loop(
        lambda _chosen, rows, *_: tf.size(rows) > 0,
        draw,
        state,
        shape_invariants=(row, row, table, table, row, row),
    )[0]


def _next_uniform(uniform):
    """A linear congruential generator, with the multiplier of Press et al. (1992)."""
    number = tf.cast(uniform * _UNIFORMS, tf.int64)
    return tf.cast((number * 1664525 + 1013904223) % _UNIFORMS, tf.float32) / _UNIFORMS


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
        real_number("top-p", self.p, above=0, most=1)

    def next_token(self, logits: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
        """A random token of each row, int32 `[batch]`."""
        return draw_likely(logits, tempered(logits, self.temperature), self.p, uniform)
