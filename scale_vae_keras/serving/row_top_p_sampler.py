"""Sampling with a temperature and a share of the probability of its own for each row."""

from dataclasses import dataclass

import tensorflow as tf

from scale_vae_keras.samplers.sampler import Sampler
from scale_vae_keras.samplers.temperature_sampler import tempered
from scale_vae_keras.samplers.top_p_sampler import draw_likely


@dataclass(frozen=True, eq=False)
class RowTopPSampler(Sampler):
    """Draws as `TopPSampler` does, each row with its own temperature and top-p.

    A row whose top-p is 1 draws from all tokens as `TemperatureSampler` does, with the same
    uniform number the same token.

    Args:
        temperature: positive and finite, float32 `[batch]`; values outside [1e-6, 1e6] act like
            the nearer end, which is greedy or uniform already.
        p: share of the probability that is kept, in (0, 1], float32 `[batch]`.
    """

    temperature: tf.Tensor
    p: tf.Tensor

    def of_rows(self, rows: tf.Tensor) -> "RowTopPSampler":
        """The sampler for some rows of the batch, int32 `[kept]`."""
        return RowTopPSampler(tf.gather(self.temperature, rows), tf.gather(self.p, rows))

    def next_token(self, logits: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
        """A random token of each row, int32 `[batch]`."""
        probability = tempered(logits, self.temperature[:, None])
        return draw_likely(logits, probability, self.p, uniform)
