"""Log-likelihoods of sentences under many samples of z each."""

from collections.abc import Callable

import tensorflow as tf

from scale_vae_keras.layers.graphs import graph_of, needs_autograph
from scale_vae_keras.samplers.loop_shapes import state_shapes


def sample_likelihood(decoder) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """The function that scores sentences of equal length under samples of z.

    It is made once for each decoder.

    It runs all sentences and samples of a call as rows of one batch, one token after the other, so
    that memory is bounded by rows x vocabulary whatever the length. What a token adds to the
    decoder's input is computed once for a sentence, not for each sample.

    Args:
        decoder: a `SentenceDecoder`.

    Returns:
        A function of int32 ids `[sentences, time]`, `<s> w ... </s>` without padding, and float32 z
        `[sentences, samples, latent]`; it gives log p(ids | z) in nats, including the end symbol,
        float64 `[sentences, samples]`.
    """

    def score(ids, z):
        sentences, samples = tf.unstack(tf.shape(z)[:2])
        steps = tf.shape(ids)[1] - 1
        rows = tf.reshape(z, [sentences * samples, decoder.latent_dim])
        context = decoder.context(rows)
        tokens = tf.transpose(ids)

        def step(t, state, total):
            inputs = tf.repeat(decoder.read(tokens[t]), samples, axis=0)
            target = tf.repeat(tokens[t + 1], samples)
            hidden, state = decoder.hidden_from(inputs, state, context)
            log_probability = decoder.target_log_likelihood(hidden, target)
            return t + 1, state, total + tf.cast(log_probability, tf.float64)

        start = decoder.initial_state(rows, steps)
        total = tf.zeros([sentences * samples], tf.float64)
        *_, total = tf.while_loop(
            lambda t, *_: t < steps,
            step,
            (0, start, total),
            shape_invariants=(
                tf.TensorShape([]),
                state_shapes(decoder, start, context),
                tf.TensorShape([None]),
            ),
            parallel_iterations=1,
        )
        return tf.reshape(total, [sentences, samples])

    def make():
        return tf.function(score, autograph=needs_autograph(decoder)).get_concrete_function(
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([None, None, decoder.latent_dim], tf.float32),
        )

    return graph_of(decoder, "sample_likelihood", make)
