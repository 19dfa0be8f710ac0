"""The sentence encoder."""

import keras
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.lstm import LSTM
from scale_vae_keras.layers.token_embedding import TokenEmbedding
from scale_vae_keras.settings import whole_number
from scale_vae_keras.text.vocabulary import PAD_ID

POOLINGS = ("last", "max", "mean", "first")


def sentence_lengths(ids: tf.Tensor) -> tf.Tensor:
    """Number of tokens per row, padding left out, int32 `[batch]`.

    Args:
        ids: int32 `[batch, time]`, right padded.
    """
    return tf.math.count_nonzero(ids != PAD_ID, axis=1, dtype=tf.int32)


def check_pooling(pooling: str) -> None:
    """Raises InputError unless there is such a pooling."""
    if pooling not in POOLINGS:
        raise InputError(f"pooling must be one of {', '.join(POOLINGS)}, got {pooling!r}")


def pooled(states: tf.Tensor, real: tf.Tensor, pooling: str) -> tf.Tensor:
    """The summary of each sentence's states, `[batch, units]`.

    Args:
        states: `[batch, time, units]`.
        real: which of them are of tokens, not of padding on the right, bool `[batch, time]`.
        pooling: "first", "last", "max" or "mean".
    """
    if pooling == "first":
        return states[:, 0]
    if pooling == "max":
        return tf.reduce_max(tf.where(real[:, :, tf.newaxis], states, states.dtype.min), axis=1)
    lengths = tf.math.count_nonzero(real, axis=1, dtype=tf.int32)
    if pooling == "last":
        return tf.gather(states, lengths - 1, axis=1, batch_dims=1)
    kept = tf.where(real[:, :, tf.newaxis], states, tf.zeros_like(states))
    return tf.reduce_sum(kept, axis=1) / tf.cast(lengths, states.dtype)[:, tf.newaxis]


@keras.saving.register_keras_serializable("scale_vae_keras")
class LSTMEncoder(keras.layers.Layer):
    """Reads `<s> w ... </s>` with one LSTM and summarises its states.

    With `pooling` "last" the summary is the state at the last real token; with "max" or "mean" it
    is each unit's maximum or mean over all real tokens (Long et al., 2019).

    The weights start as PyTorch's LSTM does: uniform in plus or minus `1 / sqrt(units)`, the
    forget gate without an extra bias, embeddings standard normal. Smaller initial weights give
    posterior means without any spread, and then enormous scale-up factors.

    Args:
        vocabulary_size: number of token ids, specials included.
        embedding_dim: width of the token embeddings.
        units: width of the LSTM.
        pooling: "last", "max" or "mean".

    Raises:
        InputError: a size is no positive whole number, there is no such pooling, or it is "first".

    Example:
        >>> encoder = sv.layers.LSTMEncoder(9, embedding_dim=3, units=4, pooling="mean")
        >>> encoder(tf.constant([[1, 5, 2], [1, 2, 0]])).shape
        TensorShape([2, 4])
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int,
        units: int,
        pooling: str = "last",
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_pooling(pooling)
        if pooling == "first":
            raise InputError(
                "the first state of an LSTM has only read <s>: choose the pooling last, max or "
                "mean, or the encoder transformer"
            )
        self.vocabulary_size = whole_number("vocabulary_size", vocabulary_size, 1)
        self.embedding_dim = whole_number("embedding_dim", embedding_dim, 1)
        self.units = whole_number("units", units, 1)
        self.pooling = pooling
        self.supports_jit = False
        limit = self.units**-0.5
        uniform = keras.initializers.RandomUniform(-limit, limit)
        self.embedding = TokenEmbedding(
            self.vocabulary_size,
            self.embedding_dim,
            embeddings_initializer=keras.initializers.RandomNormal(stddev=1.0),
            dtype=self.dtype_policy,
            name="embedding",
        )
        self.lstm = LSTM(
            self.units,
            return_sequences=pooling != "last",
            kernel_initializer=uniform,
            recurrent_initializer=uniform.clone(),
            bias_initializer=uniform.clone(),
            unit_forget_bias=False,
            dtype=self.dtype_policy,
            name="lstm",
        )

    def build(self, input_shape):
        """Creates the weights for ids `[batch, time]`."""
        self.embedding.build(input_shape)
        self.lstm.build((*input_shape, self.embedding_dim))

    def call(self, ids: tf.Tensor) -> tf.Tensor:
        """One summary per sentence, `[batch, units]`, from int32 ids `[batch, time]`."""
        if self.pooling == "last":
            return self.lstm(self.embedding(ids), lengths=sentence_lengths(ids))
        return pooled(self.lstm(self.embedding(ids)), ids != PAD_ID, self.pooling)

    def summary_of_embeddings(self, embedded: tf.Tensor) -> tf.Tensor:
        """Summary of sentences that are given as embeddings and have no padding.

        Args:
            embedded: `[batch, time, embedding]`.

        Returns:
            `[batch, units]`.
        """
        states = self.lstm(tf.cast(embedded, self.compute_dtype))
        if self.pooling == "last":
            return states
        if self.pooling == "max":
            return tf.reduce_max(states, axis=1)
        return tf.reduce_mean(states, axis=1)

    def compute_output_shape(self, input_shape):
        """Shape of the summary."""
        return (input_shape[0], self.units)

    def get_config(self):
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "embedding_dim": self.embedding_dim,
            "units": self.units,
            "pooling": self.pooling,
        }
