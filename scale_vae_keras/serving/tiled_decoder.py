"""A decoder whose arithmetic for a row does not depend on the other rows."""

import tensorflow as tf

from scale_vae_keras.layers.decoder import LSTMDecoder
from scale_vae_keras.serving.rows import cut_rows, fill_rows


class TiledDecoder:
    """Runs a decoder on whole tiles of rows, for samplers.

    Args:
        decoder: the decoder.
    """

    def __init__(self, decoder: LSTMDecoder):
        self._decoder = decoder
        self.vocabulary_size = decoder.vocabulary_size

    def initial_state(self, z: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """See `LSTMDecoder.initial_state`."""
        return cut_rows(self._decoder.initial_state(fill_rows(z)), z)

    def context(self, z: tf.Tensor) -> tf.Tensor:
        """See `LSTMDecoder.context`."""
        return cut_rows(self._decoder.context(fill_rows(z)), z)

    def step(
        self, token: tf.Tensor, state: tuple[tf.Tensor, tf.Tensor], context: tf.Tensor
    ) -> tuple[tf.Tensor, tuple[tf.Tensor, tf.Tensor]]:
        """See `LSTMDecoder.step`."""
        return cut_rows(self._decoder.step(*fill_rows((token, state, context))), token)
