"""Dropout whose masks belong to the sentences of the global batch."""

from typing import NamedTuple

import tensorflow as tf

from scale_vae_keras.layers.replica import sums_before
from scale_vae_keras.text.vocabulary import PAD_ID


class DropoutSeed(NamedTuple):
    """What a step's dropout masks are drawn from, the same on one replica and on many.

    Attributes:
        seed: int32 `[2]`, equal on every replica.
        rows: sentences of the global batch before this replica's first one, int32 scalar.
        tokens: target tokens of those sentences, int32 scalar.
    """

    seed: tf.Tensor
    rows: tf.Tensor | int = 0
    tokens: tf.Tensor | int = 0

    def folded(self, number: tf.Tensor | int) -> "DropoutSeed":
        """Other masks at the same place.

        Args:
            number: selects the masks, an int32 scalar.
        """
        return self._replace(seed=tf.random.experimental.stateless_fold_in(self.seed, number))

    def uniform(self, shape: tf.Tensor, dtype: tf.DType = tf.float32, of: str = "rows"):
        """Uniform numbers in [0, 1) of this replica's slice.

        Args:
            shape: shape of the slice; its first dimension counts sentences or target tokens.
            dtype: dtype of the numbers.
            of: "rows" or "tokens".
        """
        first = self.rows if of == "rows" else self.tokens
        whole = tf.concat([first + shape[:1], shape[1:]], axis=0)
        return tf.random.stateless_uniform(whole, self.seed, dtype=dtype)[first:]

    def normal(self, shape: tf.Tensor, dtype: tf.DType = tf.float32) -> tf.Tensor:
        """Standard normal numbers of this replica's slice.

        Args:
            shape: shape of the slice; its first dimension counts sentences.
            dtype: dtype of the numbers.
        """
        whole = tf.concat([self.rows + shape[:1], shape[1:]], axis=0)
        return tf.random.stateless_normal(whole, self.seed, dtype=dtype)[self.rows :]

    def dropout(self, values: tf.Tensor, rate: float, of: str = "rows") -> tf.Tensor:
        """Inverted dropout of `values`, `[sentences, ...]` or `[target tokens, ...]`.

        Args:
            values: this replica's slice.
            rate: share of the entries that are dropped.
            of: what the first dimension is, "rows" or "tokens".
        """

        def uniform(shape, dtype):
            # The uniform numbers of half precision are so coarse that more would be dropped.
            return self.uniform(tf.convert_to_tensor(shape), tf.float32, of)

        return tf.nn.experimental.general_dropout(values, rate, uniform)


def dropout_seed(seed: tf.Tensor, ids: tf.Tensor) -> DropoutSeed:
    """The seed of this replica's share of a step.

    Args:
        seed: int32 `[2]`, equal on every replica.
        ids: int32 `[batch, time]`, this replica's slice of the global batch.
    """
    tokens = tf.math.count_nonzero(ids[:, 1:] != PAD_ID, dtype=tf.int32)
    return DropoutSeed(seed, *tf.unstack(sums_before(tf.stack([tf.shape(ids)[0], tokens]))))
