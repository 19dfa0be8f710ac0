"""Sampling with a temperature and a share of the probability of its own for each row."""

from dataclasses import dataclass

import tensorflow as tf

from scale_vae_keras.samplers.sampler import Sampler
from scale_vae_keras.samplers.temperature_sampler import inverse_cdf

LOWEST, HIGHEST = 1e-6, 1e6


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
        temperature = tf.clip_by_value(self.temperature, LOWEST, HIGHEST)[:, None]
        below_best = logits - tf.reduce_max(logits, axis=-1, keepdims=True)
        tempered = below_best / temperature
        of_all = inverse_cdf(tf.nn.softmax(tempered), uniform)

        def of_likeliest():
            # Sorted by the logits, as a small temperature makes different ones equal.
            tokens = tf.argsort(logits, axis=-1, direction="DESCENDING", stable=True)
            probability = tf.nn.softmax(tf.gather(tempered, tokens, batch_dims=1))
            reached_before = tf.cumsum(probability, axis=-1, exclusive=True)
            kept = tf.where(reached_before < self.p[:, None], probability, 0.0)
            chosen = tf.gather(tokens, inverse_cdf(kept, uniform), batch_dims=1)
            return tf.where(self.p < 1, chosen, of_all)

        # Sorting costs more than all the rest.
        return tf.cond(tf.reduce_any(self.p < 1), of_likeliest, lambda: of_all)
