"""The autoregressive sentence decoder."""

import keras
import tensorflow as tf

from scale_vae_keras.layers.lstm import LSTM
from scale_vae_keras.layers.token_log_likelihood import token_log_likelihood
from scale_vae_keras.text.vocabulary import PAD_ID


@keras.saving.register_keras_serializable("scale_vae_keras")
class LSTMDecoder(keras.layers.Layer):
    """One LSTM over the previous tokens, with z at every step and in the initial state.

    The cell state starts as a linear map of z without bias and the hidden state as its tanh; a
    linear map without bias, not tied to the embeddings, gives the logits. Dropout acts on the
    token embeddings and on the hidden states.

    Args:
        vocabulary_size: number of token ids, specials included.
        embedding_dim: width of the token embeddings.
        units: width of the LSTM.
        latent_dim: width of z.
        dropout: share of embedding and hidden entries dropped in training.
        initializer_range: weights start uniform in plus or minus this value, embeddings in plus or
            minus 0.1.
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int,
        units: int,
        latent_dim: int,
        dropout: float,
        initializer_range: float,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.vocabulary_size = vocabulary_size
        self.embedding_dim = embedding_dim
        self.units = units
        self.latent_dim = latent_dim
        self.dropout = dropout
        self.initializer_range = initializer_range
        self.supports_jit = False
        self.embedding = keras.layers.Embedding(
            vocabulary_size,
            embedding_dim,
            embeddings_initializer=keras.initializers.RandomUniform(-0.1, 0.1),
            dtype=self.dtype_policy,
            name="embedding",
        )
        self.lstm = LSTM(
            units,
            return_sequences=True,
            kernel_initializer=self._uniform(),
            recurrent_initializer=self._uniform(),
            bias_initializer=self._uniform(),
            unit_forget_bias=False,
            dtype=self.dtype_policy,
            name="lstm",
        )

    def _uniform(self):
        return keras.initializers.RandomUniform(-self.initializer_range, self.initializer_range)

    def build(self, ids_shape, z_shape):
        """Creates the weights for ids `[batch, time]` and z `[batch, latent]`."""
        self.embedding.build(ids_shape)
        self.lstm.build((*ids_shape, self.embedding_dim), z_shape)
        self.state_kernel = self.add_weight(
            name="state_kernel", shape=(self.latent_dim, self.units), initializer=self._uniform()
        )
        self.output_kernel = self.add_weight(
            name="output_kernel",
            shape=(self.units, self.vocabulary_size),
            initializer=self._uniform(),
        )

    def call(
        self, ids: tf.Tensor, z: tf.Tensor, training: bool = False, seed: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Log-likelihood of each sentence given its z, the end symbol counted.

        Only real positions are projected to the vocabulary.

        Args:
            ids: int32 `[batch, time]`, `<s> w ... </s>`, right padded.
            z: `[batch, latent]`.
            training: whether to drop out.
            seed: int32 `[2]`, of the dropout masks; needed in training.

        Returns:
            Sum over tokens of log p(token | previous tokens, z) in nats, float32 `[batch]`.
        """
        inputs, targets = ids[:, :-1], ids[:, 1:]
        hidden = self._drop(self.embedding(inputs), training, seed, stream=0)
        z = tf.cast(z, self.compute_dtype)
        hidden = self.lstm(hidden, initial_state=self.initial_state(z), context=z)
        positions = tf.where(targets != PAD_ID)
        states = self._drop(tf.gather_nd(hidden, positions), training, seed, stream=1)
        log_likelihood = token_log_likelihood(
            states,
            tf.cast(self.output_kernel, self.compute_dtype),
            tf.gather_nd(targets, positions),
        )
        return tf.math.unsorted_segment_sum(log_likelihood, positions[:, 0], tf.shape(ids)[0])

    def _drop(self, values, training, seed, stream):
        if not training or self.dropout == 0:
            return values
        return tf.nn.experimental.stateless_dropout(
            values, self.dropout, tf.random.experimental.stateless_fold_in(seed, stream)
        )

    def initial_state(self, z: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Hidden and cell state `[batch, units]` before the first token, from z."""
        cell = tf.matmul(tf.cast(z, self.compute_dtype), self.state_kernel)
        return tf.tanh(cell), cell

    def context(self, z: tf.Tensor) -> tf.Tensor:
        """What z adds to the gates at every step, `[batch, 4 * units]`."""
        return self.lstm.project_context(tf.cast(z, self.compute_dtype))

    def step(
        self, token: tf.Tensor, state: tuple[tf.Tensor, tf.Tensor], context: tf.Tensor
    ) -> tuple[tf.Tensor, tuple[tf.Tensor, tf.Tensor]]:
        """Logits of the next token after reading one more token, without dropout.

        Args:
            token: int32 `[batch]`, the token read.
            state: hidden and cell state `[batch, units]`.
            context: what `context(z)` returned.

        Returns:
            Logits, float32 `[batch, vocabulary]`, and the new state.
        """
        hidden, cell = self.lstm.step(self.embedding(token), state, context)
        return self.logits(hidden), (hidden, cell)

    def logits(self, hidden: tf.Tensor) -> tf.Tensor:
        """Unnormalised log-probabilities, float32 `[..., vocabulary]`, of states `[..., units]`."""
        return tf.cast(tf.matmul(hidden, self.output_kernel), tf.float32)

    def compute_output_shape(self, ids_shape, z_shape):
        """Shape of the log-likelihood."""
        return (ids_shape[0],)

    def get_config(self):
        """Constructor arguments."""
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "embedding_dim": self.embedding_dim,
            "units": self.units,
            "latent_dim": self.latent_dim,
            "dropout": self.dropout,
            "initializer_range": self.initializer_range,
        }
