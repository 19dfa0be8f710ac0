"""A decoder that ends its sentences at given lengths, so that both peers write the same number."""

from typing import Any

import keras
import tensorflow as tf

from scale_vae_keras.benchmarks.speed.shapes import Shape
from scale_vae_keras.layers.sentence_decoder import SentenceDecoder
from scale_vae_keras.text.vocabulary import END_ID

_CERTAIN = 1e4


class EndingDecoder:
    """A decoder whose end symbol comes at a given length, the first entry of z."""

    def __init__(self, decoder: type[SentenceDecoder], shape: Shape):
        keras.utils.set_random_seed(0)
        sizes = (shape.vocabulary_size, shape.embedding_dim, shape.units, shape.latent_dim)
        self.inner = decoder(*sizes, 0.0, 0.01)
        self.inner.build((None, None), (None, shape.latent_dim))

    def initial_state(self, z: tf.Tensor, max_length: tf.Tensor) -> Any:
        """See `SentenceDecoder.initial_state`."""
        return self.inner.initial_state(z[:, 1:], max_length), tf.ones([tf.shape(z)[0]])

    def context(self, z: tf.Tensor) -> Any:
        """See `SentenceDecoder.context`."""
        return self.inner.context(z[:, 1:]), z[:, 0]

    def step(self, token: tf.Tensor, state: Any, context: Any) -> tuple[tf.Tensor, Any]:
        """See `SentenceDecoder.step`."""
        inner_context, length = context
        inner_state, time = state
        logits, inner_state = self.inner.step(token, inner_state, inner_context)
        end = tf.where(time == length, _CERTAIN, -_CERTAIN)
        rows = tf.range(tf.shape(logits)[0])
        places = tf.stack([rows, tf.fill(tf.shape(rows), END_ID)], axis=1)
        # In place, as PyTorch's loop does it.
        return tf.tensor_scatter_nd_update(logits, places, end), (inner_state, time + 1)
