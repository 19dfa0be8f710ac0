"""Tiny models whose likelihood can be computed in another way."""

import functools
import itertools

import numpy as np
from made_models import draw_weights, made_model, set_factor
from made_priors import components

from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.models import ScaleVAE, TextVAE

VOCABULARY = 6
START, END = 1, 2


def as_split(sentences, labels=None):
    """Sentences given as lists of ids."""
    return EncodedSplit(
        tokens=np.concatenate(sentences).astype(np.int32),
        offsets=np.concatenate([[0], np.cumsum([len(ids) for ids in sentences])]),
        labels=labels,
        empty=0,
        truncated=0,
    )


def every_sequence(length):
    """All that a decoder can write in `length` tokens: sentences that end, and longer ones cut.

    Their probabilities sum to one, that of a cut one being that of all sentences it begins.
    """
    others = [token for token in range(VOCABULARY) if token != END]
    ended = [
        [START, *words, END]
        for count in range(length)
        for words in itertools.product(others, repeat=count)
    ]
    return ended + [[START, *words] for words in itertools.product(others, repeat=length)]


def small_vae(latent_dim, system=TextVAE, **arguments):
    """A model whose decoder depends on z and on the tokens before."""
    model = made_model(system, VOCABULARY, random_seed=7, latent_dim=latent_dim, **arguments)
    draw_weights(model.decoder.weights, stddev=0.8, seed=3)
    return model


def small_scale_vae(latent_dim, factor, **arguments):
    return small_vae(latent_dim, ScaleVAE, factor=factor, **arguments)


def numpy_log_likelihood(decoder, ids, z):
    """log p(ids | z) of one sequence under many z, by NumPy in float64: `[samples]`."""
    return numpy_log_likelihoods(decoder, [ids], z)[0]


def numpy_log_likelihoods(decoder, sequences, z):
    """The same of several sequences, whose common beginnings are computed once."""
    embedding = np.float64(decoder.embedding.embeddings)
    kernel = np.float64(decoder.lstm.kernel)
    recurrent = np.float64(decoder.lstm.recurrent_kernel)
    output = np.float64(decoder.output_kernel)
    first = z @ np.float64(decoder.state_kernel)

    @functools.cache
    def after(*beginning):
        """Hidden and cell state after the tokens, and the log-probabilities of the next."""
        *before, token = beginning
        hidden, cell, _ = after(*before) if before else (np.tanh(first), first, None)
        inputs = np.concatenate([np.tile(embedding[token], (len(z), 1)), z], axis=1)
        gates = inputs @ kernel + hidden @ recurrent + np.float64(decoder.lstm.bias)
        i, f, g, o = np.split(gates, 4, axis=1)
        cell = _sigmoid(f) * cell + _sigmoid(i) * np.tanh(g)
        hidden = _sigmoid(o) * np.tanh(cell)
        logits = hidden @ output
        return hidden, cell, logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)

    return [
        sum(after(*ids[:place])[2][:, ids[place]] for place in range(1, len(ids)))
        for ids in sequences
    ]


def _sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * x))


def exact_log_likelihoods(decoder, sequences, prior):
    """log of the integral of p(ids | z) prior(z) of each sequence, by the trapezoidal rule."""
    parts = components(prior)
    return np.log(sum(w * _expected_likelihoods(decoder, sequences, *rest) for w, *rest in parts))


def _expected_likelihoods(decoder, sequences, mean, cholesky):
    points = np.linspace(-8, 8, 2001 if len(mean) == 1 else 121)
    weight = np.exp(-0.5 * np.square(points)) / np.sqrt(2 * np.pi) * (points[1] - points[0])
    grid = np.stack(np.meshgrid(*[points] * len(mean), indexing="ij"), -1).reshape(-1, len(mean))
    weights = np.prod(
        np.stack(np.meshgrid(*[weight] * len(mean), indexing="ij"), -1), axis=-1
    ).ravel()
    return np.exp(numpy_log_likelihoods(decoder, sequences, mean + grid @ cholesky.T)) @ weights


def two_sentence_model(spread=1e-3, scaled=1.1):
    """The ScaleVAE of two sentences `a`, `b` whose scale hides a free channel from the KL.

    The encoder gives means +-spread and variance 1; the factor scales them to +-scaled. The
    decoder is the best one: log p(a | z) - log p(b | z) = 2 * scaled * z, and the end is certain.
    """
    model = ScaleVAE(VOCABULARY, latent_dim=1, embedding_dim=1, units=3)
    sentences = np.array([[START, 4, END], [START, 5, END]], np.int32)
    model.build(sentences.shape)
    summary = np.float64(model.encoder(sentences))
    posterior = np.array([[spread, 0.0], [-spread, 0.0]])
    model.gaussian_posterior.kernel.assign(np.linalg.pinv(summary) @ posterior)
    set_factor(model, [scaled / spread])

    decoder = model.decoder
    slope, open_gate, shut_gate = 1e-3, 30.0, -30.0
    decoder.embedding.embeddings.assign(np.array([[1.0], [-1.0], [1.0], [1.0], [1.0], [1.0]]))
    # units: z itself until a word is read, a constant, and whether a word has been read
    kernel, bias = np.zeros((2, 4, 3)), np.zeros((4, 3))
    bias[0] = [shut_gate, open_gate, open_gate]
    bias[1] = [0.0, shut_gate, shut_gate]
    kernel[0, 1, 0] = shut_gate
    bias[2] = [0.0, open_gate, 0.0]
    bias[3] = open_gate
    kernel[0, 2, 2] = open_gate
    decoder.lstm.kernel.assign(kernel.reshape(2, 12))
    decoder.lstm.recurrent_kernel.assign(np.zeros((3, 12)))
    decoder.lstm.bias.assign(bias.ravel())
    decoder.state_kernel.assign([[slope, 0.0, 0.0]])
    output = np.zeros((3, VOCABULARY))
    output[0, 4], output[0, 5] = scaled / slope, -scaled / slope
    output[1, [0, START, 3]] = -100.0
    output[2, END], output[2, 4:] = 40.0, -40.0
    decoder.output_kernel.assign(output)
    return model, as_split(list(sentences))
