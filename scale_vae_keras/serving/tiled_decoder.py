"""A decoder whose arithmetic for a row does not depend on the other rows."""

from typing import Any

import tensorflow as tf

from scale_vae_keras.layers.sentence_decoder import SentenceDecoder
from scale_vae_keras.serving.rows import TILE, cut_rows, fill_rows


class TiledDecoder:
    """Runs a decoder on whole tiles of rows, for samplers.

    Args:
        decoder: the decoder.
    """

    def __init__(self, decoder: SentenceDecoder):
        self._decoder = decoder
        self.vocabulary_size = decoder.vocabulary_size

    def initial_state(self, z: tf.Tensor, max_length: tf.Tensor | int) -> Any:
        """See `SentenceDecoder.initial_state`."""
        return cut_rows(self._decoder.initial_state(fill_rows(z), max_length), z)

    def context(self, z: tf.Tensor) -> Any:
        """See `SentenceDecoder.context`."""
        return cut_rows(self._decoder.context(fill_rows(z)), z)

    def step(self, token: tf.Tensor, state: Any, context: Any) -> tuple[tf.Tensor, Any]:
        """See `SentenceDecoder.step`."""
        given = (token, state, context)
        # A large state is not copied where its rows are whole tiles already.
        filled = tf.cond(tf.shape(token)[0] % TILE == 0, lambda: given, lambda: fill_rows(given))
        return cut_rows(self._decoder.step(*filled), token)
