"""The loop that writes sentences token by token."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import tensorflow as tf

from scale_vae_keras.layers.sentence_decoder import SentenceDecoder
from scale_vae_keras.text.vocabulary import END_ID, PAD_ID, START_ID


class Sentences(NamedTuple):
    """Written sentences.

    Attributes:
        ids: int32 `[batch, time]`, `w ... </s>`, right padded; a sentence that was cut off at the
            length limit has no `</s>`.
        log_probability: log p(ids | z) under the decoder at temperature 1, the end symbol counted,
            in nats, float32 `[batch]`.
    """

    ids: tf.Tensor
    log_probability: tf.Tensor


def writable(logits: tf.Tensor) -> tf.Tensor:
    """The logits `[..., vocabulary]` with padding and the start symbol ruled out."""
    blocked = tf.one_hot([PAD_ID, START_ID], tf.shape(logits)[-1])
    return logits + tf.where(tf.reduce_sum(blocked, axis=0) > 0, logits.dtype.min / 2, 0.0)


class Sampler(ABC):
    """A strategy for choosing the next token.

    Samplers are immutable and compare by value. All randomness comes from uniform numbers that
    belong to the row, so that a row's sentence does not depend on the others in its batch.
    """

    @abstractmethod
    def next_token(self, logits: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
        """Chooses a token for each row.

        Args:
            logits: float32 `[batch, vocabulary]`.
            uniform: float32 `[batch]` in [0, 1), this step's random number of each row.

        Returns:
            int32 `[batch]`.
        """

    def write(
        self, decoder: SentenceDecoder, z: tf.Tensor, uniforms: tf.Tensor, max_length: int
    ) -> Sentences:
        """Writes one sentence for each z, until all have ended.

        Args:
            decoder: the decoder.
            z: `[batch, latent]`, what the decoder is fed.
            uniforms: float32 `[batch, max_length]`, each row's own random numbers.
            max_length: most tokens of a sentence, `</s>` counted.
        """
        rows = tf.shape(z)[0]
        context = decoder.context(z)

        def going_on(step, _token, _state, ended, _score, _written):
            return (step < max_length) & ~tf.reduce_all(ended)

        def write_token(step, token, state, ended, score, written):
            logits, state = decoder.step(token, state, context)
            chosen = self.next_token(writable(logits), uniforms[:, step])
            gain = -tf.nn.sparse_softmax_cross_entropy_with_logits(chosen, logits)
            token = tf.where(ended, PAD_ID, chosen)
            score += tf.where(ended, 0.0, gain)
            ended |= token == END_ID
            return step + 1, token, state, ended, score, written.write(step, token)

        *_, score, written = tf.while_loop(
            going_on,
            write_token,
            (
                0,
                tf.fill([rows], START_ID),
                decoder.initial_state(z),
                tf.zeros([rows], tf.bool),
                tf.zeros([rows]),
                tf.TensorArray(tf.int32, 0, dynamic_size=True, element_shape=[None]),
            ),
        )
        return Sentences(tf.transpose(written.stack()), score)
