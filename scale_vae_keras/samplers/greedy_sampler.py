"""Greedy decoding."""

from dataclasses import dataclass

import tensorflow as tf

from scale_vae_keras.samplers.sampler import Sampler


@dataclass(frozen=True)
class GreedySampler(Sampler):
    """Always the most probable token."""

    def next_token(self, logits: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
        """The most probable token of each row, int32 `[batch]`."""
        return tf.argmax(logits, axis=-1, output_type=tf.int32)
