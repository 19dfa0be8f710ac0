"""Log-likelihoods of sentences under many samples of z each."""

from collections.abc import Callable

import tensorflow as tf

_SMALLEST_NORMAL = 1.2e-38


def sample_likelihood(decoder) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Builds the function that scores sentences of equal length under samples of z.

    It runs all sentences and samples of a call as rows of one batch, one token after the other, so
    that memory is bounded by rows x vocabulary whatever the length. The tokens' share of the gates
    is computed once for a sentence, not for each sample.

    Args:
        decoder: an `LSTMDecoder`.

    Returns:
        A function of int32 ids `[sentences, time]`, `<s> w ... </s>` without padding, and float32 z
        `[sentences, samples, latent]`; it gives log p(ids | z) in nats, the end symbol counted,
        float64 `[sentences, samples]`.
    """
    lstm = decoder.lstm

    def score(ids, z):
        sentences, samples = tf.unstack(tf.shape(z)[:2])
        steps = tf.shape(ids)[1] - 1
        rows = tf.reshape(z, [sentences * samples, decoder.latent_dim])
        hidden, cell = decoder.initial_state(rows)
        context = decoder.context(rows)
        tokens = tf.transpose(ids)
        kernel = tf.cast(lstm.kernel[: lstm.input_dim], decoder.compute_dtype)
        recurrent_kernel = tf.cast(lstm.recurrent_kernel, decoder.compute_dtype)
        total = tf.zeros([sentences * samples], tf.float64)

        def step(t, hidden, cell, total):
            inputs = tf.matmul(decoder.embedding(tokens[t]), kernel)
            gates = tf.matmul(hidden, recurrent_kernel) + context
            gates += tf.repeat(inputs, samples, axis=0)
            hidden, cell = _advance(gates, cell)
            target = tf.repeat(tokens[t + 1], samples)
            return t + 1, hidden, cell, total + _log_probability(decoder, hidden, target)

        *_, total = tf.while_loop(
            lambda t, *_: t < steps, step, (0, hidden, cell, total), parallel_iterations=1
        )
        return tf.reshape(total, [sentences, samples])

    return tf.function(
        score,
        input_signature=[
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([None, None, decoder.latent_dim], tf.float32),
        ],
    )


def _advance(gates, cell):
    i, f, g, o = tf.split(gates, 4, axis=1)
    cell = tf.sigmoid(f) * cell + tf.sigmoid(i) * tf.tanh(g)
    return tf.sigmoid(o) * tf.tanh(cell), cell


def _log_probability(decoder, hidden, target):
    """float64 `[rows]`.

    A softmax in one operation is the fastest pass over the vocabulary on a CPU with oneDNN. Where
    a target's probability leaves the range of float32, its logarithm is taken the other way.
    """
    probability = tf.gather(tf.nn.softmax(decoder.logits(hidden)), target, batch_dims=1)
    log_probability = tf.cond(
        tf.reduce_min(probability) > _SMALLEST_NORMAL,
        lambda: tf.math.log(probability),
        lambda: tf.gather(tf.nn.log_softmax(decoder.logits(hidden)), target, batch_dims=1),
    )
    return tf.cast(log_probability, tf.float64)
