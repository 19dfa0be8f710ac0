"""Figures of texts under a model."""

from typing import NamedTuple

import numpy as np


class Codes(NamedTuple):
    """Posteriors that the decoder samples from, float32 arrays `[texts, latent]`.

    Attributes:
        mean: the code that `decode` and `reconstruct` use.
        stddev: standard deviation of each dimension.
    """

    mean: np.ndarray
    stddev: np.ndarray


class Scores(NamedTuple):
    """The likelihood of each text under a model, float64 arrays `[texts]`.

    Attributes:
        log_likelihood: importance-weighted log p(text) under the model's prior, in nats,
            including the end symbol; tokenisation is taken as given.
        bits_per_byte: -log p(text) / (ln 2 * UTF-8 bytes of the text), the only figure
            that compares models with different tokenizers; NaN for an empty text.
        ess: effective number of importance samples.
        standard_error: of log_likelihood, in nats, see `log_likelihood_error`; 0 for a language
            model, NaN for a single sample.
        tokens: how many tokens are predicted, including `</s>`, int64.
    """

    log_likelihood: np.ndarray
    bits_per_byte: np.ndarray
    ess: np.ndarray
    standard_error: np.ndarray
    tokens: np.ndarray

    @property
    def nats_per_token(self) -> np.ndarray:
        """-log p(text) by predicted token, float64 `[texts]`."""
        return -self.log_likelihood / self.tokens

    def oddest(self, n: int | None = None) -> np.ndarray:
        """Places of the texts with the most nats per token, the oddest first, `[at most n]`.

        By token, because a whole text is the less likely the longer it is, and by byte an unknown
        word, which all models write as the one token `<unk>`, is the cheaper the longer it is.
        """
        return np.argsort(-self.nats_per_token, kind="stable")[:n]


class Neighbour(NamedTuple):
    """A text and the Euclidean distance of its code from another's."""

    text: str
    distance: float
