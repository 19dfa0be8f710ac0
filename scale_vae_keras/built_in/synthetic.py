"""The built-in corpus `synthetic`: sentences of a random LSTM with a known latent variable.

The recipe is that of the synthetic experiment of He et al. (2019), "Lagging Inference Networks and
Posterior Collapse in Variational Autoencoders":

    c ~ Uniform{0, 1, 2, 3},  z ~ N(m_c, I_2),  m = (-2, -2), (2, 2), (-2, 2), (2, -2)
    c_0 = W_t z,  h_0 = tanh(c_0),  w_1 ~ Uniform(V)
    h_t, c_t = LSTM([emb(w_t); z], h_{t-1}, c_{t-1}),  w_{t+1} ~ softmax(W_1 h_t + W_2 z)

All parameters are drawn from U(-1, 1), except W_2 from U(-5, 5). The draws come from NumPy's PCG64,
so the sentences follow the distribution of the original data but are not the same sentences.
"""

from functools import cache
from typing import NamedTuple

import numpy as np

from scale_vae_keras.errors import InputError
from scale_vae_keras.text.labelled_text import LabelledText

_SEED = 19950927
_SENTENCES = 20_000
_TRAIN_SENTENCES = 16_000
_LENGTH = 10
_VOCABULARY_SIZE = 1_000
_EMBEDDING_DIM = 100
_UNITS = 100
_COMPONENT_MEANS = np.array([(-2.0, -2.0), (2.0, 2.0), (-2.0, 2.0), (2.0, -2.0)])
_BATCH_SIZE = 5_000


def synthetic_split(split: str) -> list[LabelledText]:
    """Sentences of one split of the synthetic corpus.

    Each has 10 words, written as ids "0" to "999"; its label is the mixture component "0" to "3"
    that its latent variable was drawn from.

    Args:
        split: "train" (16,000 sentences), "valid" or "test". The last two are the same remaining
            4,000 sentences, as in the original experiment.

    Returns:
        The sentences in a fixed order.

    Raises:
        InputError: if there is no such split.
    """
    if split == "train":
        return list(_corpus()[:_TRAIN_SENTENCES])
    if split in ("valid", "test"):
        return list(_corpus()[_TRAIN_SENTENCES:])
    raise InputError(f"no split {split!r} in corpus 'synthetic': use train, valid or test")


class LSTMWeights(NamedTuple):
    """Weights of one LSTM layer, gates in the order input, forget, cell, output.

    Attributes:
        input_kernel: `[input_dim, 4 * units]`.
        recurrent_kernel: `[units, 4 * units]`.
        input_bias: `[4 * units]`.
        recurrent_bias: `[4 * units]`, a second bias that is added to the first.
    """

    input_kernel: np.ndarray
    recurrent_kernel: np.ndarray
    input_bias: np.ndarray
    recurrent_bias: np.ndarray


def lstm_step(
    inputs: np.ndarray, hidden: np.ndarray, cell: np.ndarray, weights: LSTMWeights
) -> tuple[np.ndarray, np.ndarray]:
    """One step of an LSTM.

    Args:
        inputs: `[batch, input_dim]`.
        hidden: `[batch, units]`, h_{t-1}.
        cell: `[batch, units]`, c_{t-1}.
        weights: the layer.

    Returns:
        h_t and c_t, each `[batch, units]`.
    """
    gates = inputs @ weights.input_kernel + weights.input_bias
    gates += hidden @ weights.recurrent_kernel + weights.recurrent_bias
    input_gate, forget_gate, candidate, output_gate = np.split(gates, 4, axis=-1)
    cell = _sigmoid(forget_gate) * cell + _sigmoid(input_gate) * np.tanh(candidate)
    return _sigmoid(output_gate) * np.tanh(cell), cell


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 * (1.0 + np.tanh(0.5 * x))


class _Generator:
    """The random sentence model; its weights are the first draws from `rng`."""

    def __init__(self, rng: np.random.Generator):
        latent_dim = _COMPONENT_MEANS.shape[1]
        self.embeddings = rng.uniform(-1, 1, (_VOCABULARY_SIZE, _EMBEDDING_DIM))
        self.lstm = LSTMWeights(
            input_kernel=rng.uniform(-1, 1, (_EMBEDDING_DIM + latent_dim, 4 * _UNITS)),
            recurrent_kernel=rng.uniform(-1, 1, (_UNITS, 4 * _UNITS)),
            input_bias=rng.uniform(-1, 1, 4 * _UNITS),
            recurrent_bias=rng.uniform(-1, 1, 4 * _UNITS),
        )
        self.cell_kernel = rng.uniform(-1, 1, (latent_dim, _UNITS))
        self.hidden_to_logits = rng.uniform(-1, 1, (_UNITS, _VOCABULARY_SIZE))
        self.latent_to_logits = rng.uniform(-5, 5, (latent_dim, _VOCABULARY_SIZE))

    def words(self, z: np.ndarray, first_words: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
        """Continues each first word.

        Args:
            z: `[batch, 2]`.
            first_words: `[batch]` ids.
            uniforms: `[batch, steps]` in [0, 1), one for each word to draw.

        Returns:
            Word ids `[batch, 1 + steps]`.
        """
        words = [first_words]
        cell = z @ self.cell_kernel
        hidden = np.tanh(cell)
        latent_logits = z @ self.latent_to_logits
        for step in range(uniforms.shape[1]):
            inputs = np.concatenate([self.embeddings[words[-1]], z], axis=1)
            hidden, cell = lstm_step(inputs, hidden, cell, self.lstm)
            words.append(_draw(hidden @ self.hidden_to_logits + latent_logits, uniforms[:, step]))
        return np.stack(words, axis=1)


def _draw(logits: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
    """Inverts the softmax distribution function: `[batch, vocabulary]`, `[batch]` -> `[batch]`."""
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    cumulative = np.cumsum(weights, axis=1)
    return np.sum(cumulative <= uniforms[:, None] * cumulative[:, -1:], axis=1)


@cache
def _corpus() -> tuple[LabelledText, ...]:
    rng = np.random.default_rng(_SEED)
    generator = _Generator(rng)
    components = rng.integers(len(_COMPONENT_MEANS), size=_SENTENCES)
    z = _COMPONENT_MEANS[components] + rng.standard_normal((_SENTENCES, _COMPONENT_MEANS.shape[1]))
    first_words = rng.integers(_VOCABULARY_SIZE, size=_SENTENCES)
    uniforms = rng.random((_SENTENCES, _LENGTH - 1))
    sentences = []
    for start in range(0, _SENTENCES, _BATCH_SIZE):
        batch = slice(start, start + _BATCH_SIZE)
        words = generator.words(z[batch], first_words[batch], uniforms[batch])
        sentences += [
            LabelledText(str(component), " ".join(map(str, row)))
            for component, row in zip(components[batch], words, strict=True)
        ]
    return tuple(sentences)
