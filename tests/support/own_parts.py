"""Decoders that a user could write."""

import keras
import tensorflow as tf

import scale_vae_keras as sv


@keras.saving.register_keras_serializable("tests")
class GrowingDecoder(sv.layers.SentenceDecoder):
    """The mean of all embeddings so far, kept as a list that grows with the sentence."""

    def build(self, ids_shape, z_shape):
        self.maps = [
            self.add_weight(name=f"map_{i}", shape=(width, self.units))
            for i, width in enumerate((self.embedding_dim, self.latent_dim))
        ]
        super().build(ids_shape, z_shape)

    def hidden_states(self, inputs, z, training=False, seed=None):
        count = tf.cast(tf.range(1, tf.shape(inputs)[1] + 1), inputs.dtype)
        mean = tf.cumsum(inputs, axis=1) / count[:, tf.newaxis]
        return tf.tanh(mean @ self.maps[0] + (z @ self.maps[1])[:, tf.newaxis])

    def initial_state(self, z, max_length):
        return tf.zeros([tf.shape(z)[0], 0, self.embedding_dim])

    def advance(self, inputs, state, context):
        state = tf.concat([state, inputs[:, tf.newaxis]], axis=1)
        mean = tf.reduce_mean(state, axis=1)
        return tf.tanh(mean @ self.maps[0] + context @ self.maps[1]), state
