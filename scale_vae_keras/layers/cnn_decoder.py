"""The dilated convolutional decoder."""

from typing import Any

import keras
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.causal_convolution import CausalConvolution
from scale_vae_keras.layers.sentence_decoder import SentenceDecoder
from scale_vae_keras.settings import whole_number


@keras.saving.register_keras_serializable("scale_vae_keras")
class CNNDecoder(SentenceDecoder):
    """Residual blocks of dilated convolutions over the previous tokens, with z at every step.

    Yang et al. (2017). The dilations set how many previous tokens a prediction sees:
    `1 + 2 * sum(dilations)`; all else about the sentence has to come from z.

    Args:
        *args: as for `SentenceDecoder`.
        dilations: dilation of each block, from the first to the last.
        **kwargs: as for `SentenceDecoder`.

    Raises:
        InputError: there is no dilation, or one is not a positive whole number.

    Example:
        >>> decoder = sv.layers.CNNDecoder(9, 3, 4, latent_dim=2, dropout=0, initializer_range=0.1)
        >>> decoder(tf.constant([[1, 5, 2], [1, 2, 0]]), tf.zeros([2, 2])).shape
        TensorShape([2])
    """

    def __init__(self, *args, dilations: tuple[int, ...] = (1, 2, 4), **kwargs):
        super().__init__(*args, **kwargs)
        if not dilations:
            raise InputError("a decoder of convolutions needs at least one dilation")
        self.dilations = tuple(whole_number("a dilation", each, 1) for each in dilations)
        self.blocks = [
            CausalConvolution(self.units, dilation, dtype=self.dtype_policy, name=f"block_{i}")
            for i, dilation in enumerate(self.dilations)
        ]

    def build(self, ids_shape, z_shape):
        """Creates the weights for ids `[batch, time]` and z `[batch, latent]`."""
        for block in self.blocks:
            block.build((*ids_shape, self.units))
        self.input_kernel = self.add_weight(
            name="input_kernel",
            shape=(self.embedding_dim + self.latent_dim, self.units),
            initializer="glorot_uniform",
        )
        self.input_bias = self.add_weight(
            name="input_bias", shape=(self.units,), initializer="zeros"
        )
        super().build(ids_shape, z_shape)

    def hidden_states(
        self, inputs: tf.Tensor, z: tf.Tensor, training: bool = False, seed: Any = None
    ) -> tf.Tensor:
        """States `[batch, time, units]` from embeddings `[batch, time, embedding]` and z."""
        hidden = self._project(inputs) + self.input_context(z)[:, tf.newaxis]
        for block in self.blocks:
            hidden = block(hidden)
        return hidden

    def _project(self, embedded):
        return tf.matmul(embedded, self._cast(self.input_kernel[: self.embedding_dim]))

    def _cast(self, weight):
        # A step runs outside of `call`, where Keras does not cast the weights.
        return tf.cast(weight, self.compute_dtype)

    def initial_state(
        self, z: tf.Tensor, max_length: tf.Tensor | int | None = None
    ) -> tuple[tf.Tensor, ...]:
        """What each block remembers before the first token, `[batch, 2 * dilation, units / 2]`."""
        return tuple(block.initial_state(tf.shape(z)[0]) for block in self.blocks)

    def input_context(self, z: tf.Tensor) -> tf.Tensor:
        """What z adds to the input of the first block, bias included, `[batch, units]`."""
        bias = self._cast(self.input_bias)
        if not self.latent_dim:
            return tf.repeat(bias[tf.newaxis], tf.shape(z)[0], axis=0)
        return tf.matmul(z, self._cast(self.input_kernel[self.embedding_dim :])) + bias

    def read(self, token: tf.Tensor) -> tf.Tensor:
        """What a token adds to the input of the first block, `[batch, units]`."""
        return self._project(self.embedding(token))

    def advance(
        self, inputs: tf.Tensor, state: tuple[tf.Tensor, ...], context: tf.Tensor
    ) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
        """The hidden state `[batch, units]` and what the blocks remember, one step on."""
        hidden = inputs + context
        after = []
        for block, memory in zip(self.blocks, state, strict=True):
            hidden, memory = block.step(hidden, memory)
            after.append(memory)
        return hidden, tuple(after)

    def get_config(self):
        """Returns the constructor's arguments."""
        return {**super().get_config(), "dilations": self.dilations}
