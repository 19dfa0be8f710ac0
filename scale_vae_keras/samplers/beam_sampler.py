"""Beam search."""

from dataclasses import dataclass

import tensorflow as tf

from scale_vae_keras.layers.sentence_decoder import SentenceDecoder
from scale_vae_keras.samplers.loop_shapes import state_shapes
from scale_vae_keras.samplers.sampler import Sampler, Sentences, without_repeats, writable
from scale_vae_keras.settings import LARGEST_INT32, whole_number
from scale_vae_keras.text.vocabulary import END_ID, PAD_ID, START_ID


@dataclass(frozen=True, repr=False)
class BeamSampler(Sampler):
    """Searches the sentence of highest log-probability with a beam, batched over sentences.

    Args:
        width: hypotheses kept per sentence.

    Raises:
        InputError: the width is no whole number from 1 to the largest int32.

    Example:
        >>> sv.samplers.BeamSampler(width=8)
        BeamSampler(width=8)
        >>> sv.samplers.get("beam") == sv.samplers.BeamSampler(width=4)
        True
    """

    width: int = 4

    def __post_init__(self):
        super().__post_init__()
        whole_number("beam width", self.width, 1, LARGEST_INT32)

    def next_token(self, logits: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
        """The most probable token, int32 `[batch]`: a beam of one."""
        return tf.argmax(logits, axis=-1, output_type=tf.int32)

    def write(
        self, decoder: SentenceDecoder, z: tf.Tensor, uniforms: tf.Tensor, max_length: int
    ) -> Sentences:
        """The best hypothesis for each z `[batch, latent]`; the random numbers are not used."""
        rows, width = tf.shape(z)[0], self.width
        vocabulary = decoder.vocabulary_size
        repeated = tf.repeat(z, width, axis=0)
        context = decoder.context(repeated)
        start = decoder.initial_state(repeated, max_length)
        first_row = tf.range(rows)[:, None] * width
        only_padding = tf.where(tf.range(vocabulary) == PAD_ID, 0.0, -float("inf"))

        def going_on(step, _ids, _state, _score, ended):
            return (step < max_length) & ~tf.reduce_all(ended)

        def extend(step, ids, state, score, ended):
            logits, state = decoder.step(ids[:, -1], state, context)
            log_probability = writable(logits) - tf.reduce_logsumexp(logits, -1, keepdims=True)
            if self.no_repeat_ngram_size:
                log_probability = tf.cond(
                    step >= self.no_repeat_ngram_size,
                    lambda: without_repeats(log_probability, ids[:, 1:], self.no_repeat_ngram_size),
                    lambda: log_probability,
                )
            log_probability = tf.where(tf.reshape(ended, [-1, 1]), only_padding, log_probability)
            total = tf.reshape(score, [-1, 1]) + log_probability
            score, choice = tf.math.top_k(tf.reshape(total, [rows, width * vocabulary]), width)
            parent = tf.reshape(first_row + choice // vocabulary, [-1])
            token = tf.reshape(choice % vocabulary, [-1])
            ids = tf.concat([tf.gather(ids, parent), token[:, None]], axis=1)
            ended = tf.gather(tf.reshape(ended, [-1]), parent) | (token == END_ID)
            return (
                step + 1,
                ids,
                tf.nest.map_structure(lambda part: tf.gather(part, parent), state),
                score,
                tf.reshape(ended, [rows, width]),
            )

        none_but_first = tf.where(tf.range(width) == 0, 0.0, -float("inf"))
        _, ids, _, score, _ = tf.while_loop(
            going_on,
            extend,
            (
                0,
                tf.fill([rows * width, 1], START_ID),
                start,
                tf.tile(none_but_first[None], [rows, 1]),
                tf.zeros([rows, width], tf.bool),
            ),
            shape_invariants=(
                tf.TensorShape([]),
                tf.TensorShape([None, None]),
                state_shapes(decoder, start, context),
                tf.TensorShape([None, width]),
                tf.TensorShape([None, width]),
            ),
        )
        return Sentences(tf.gather(ids, first_row[:, 0])[:, 1:], score[:, 0])
