"""The LSTM decoder."""

from typing import Any

import keras
import tensorflow as tf

from scale_vae_keras.layers.lstm import LSTM
from scale_vae_keras.layers.sentence_decoder import SentenceDecoder


@keras.saving.register_keras_serializable("scale_vae_keras")
class LSTMDecoder(SentenceDecoder):
    """One LSTM over the previous tokens, with z at every step and in the initial state.

    The cell state starts as a linear map of z without bias and the hidden state as its tanh, both
    at zero without z. Arguments as for `SentenceDecoder`.

    Example:
        >>> decoder = sv.layers.LSTMDecoder(9, 3, 4, latent_dim=2, dropout=0, initializer_range=0)
        >>> log_likelihood = decoder(tf.constant([[1, 5, 2]]), tf.zeros([1, 2]))
        >>> log_likelihood.numpy().round(4)  # two tokens, uniform over 9: -2 log 9
        array([-4.3944], dtype=float32)
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.lstm = LSTM(
            self.units,
            return_sequences=True,
            kernel_initializer=self._uniform(),
            recurrent_initializer=self._uniform(),
            bias_initializer=self._uniform(),
            unit_forget_bias=False,
            dtype=self.dtype_policy,
            name="lstm",
        )

    def build(self, ids_shape, z_shape):
        """Creates the weights for ids `[batch, time]` and z `[batch, latent]`."""
        self.lstm.build((*ids_shape, self.embedding_dim), z_shape if self.latent_dim else None)
        if self.latent_dim:
            self.state_kernel = self.add_weight(
                name="state_kernel",
                shape=(self.latent_dim, self.units),
                initializer=self._uniform(),
            )
        super().build(ids_shape, z_shape)

    def hidden_states(
        self, inputs: tf.Tensor, z: tf.Tensor, training: bool = False, seed: Any = None
    ) -> tf.Tensor:
        """States `[batch, time, units]` from embeddings `[batch, time, embedding]` and z."""
        context = z if self.latent_dim else None
        return self.lstm(inputs, initial_state=self.initial_state(z), context=context)

    def initial_state(
        self, z: tf.Tensor, max_length: tf.Tensor | int | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Hidden and cell state `[batch, units]` before the first token, from z."""
        if not self.latent_dim:
            zeros = tf.zeros([tf.shape(z)[0], self.units], self.compute_dtype)
            return zeros, zeros
        cell = tf.matmul(
            tf.cast(z, self.compute_dtype), tf.cast(self.state_kernel, self.compute_dtype)
        )
        return tf.tanh(cell), cell

    def input_context(self, z: tf.Tensor) -> tf.Tensor:
        """What z adds to the gates at every step, bias included, `[batch, 4 * units]`."""
        return self.lstm.project_context(z if self.latent_dim else None)

    def read(self, token: tf.Tensor) -> tf.Tensor:
        """What a token adds to the gates, `[batch, 4 * units]`."""
        return self.lstm.project_inputs(self.embedding(token))

    def advance(
        self,
        inputs: tf.Tensor,
        state: tuple[tf.Tensor, tf.Tensor],
        context: tf.Tensor,
    ) -> tuple[tf.Tensor, tuple[tf.Tensor, tf.Tensor]]:
        """The hidden state, and hidden and cell state, each `[batch, units]`, one step on."""
        hidden, cell = self.lstm.step_projected(inputs, state, context)
        return hidden, (hidden, cell)
