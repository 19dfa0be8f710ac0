"""Greedy decoding."""

from dataclasses import dataclass

import tensorflow as tf

from scale_vae_keras.samplers.sampler import Sampler


@dataclass(frozen=True, repr=False)
class GreedySampler(Sampler):
    """Chooses the most probable token.

    Example:
        >>> logits = tf.math.log([[0.2, 0.5, 0.3]])
        >>> sv.samplers.GreedySampler().next_token(logits, uniform=tf.constant([0.9])).numpy()
        array([1], dtype=int32)
    """

    def next_token(self, logits: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
        """The most probable token of each row, int32 `[batch]`."""
        return tf.argmax(logits, axis=-1, output_type=tf.int32)
