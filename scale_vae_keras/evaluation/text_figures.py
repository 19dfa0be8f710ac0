"""What a model says of texts."""

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
    """What a model thinks of each text, float64 arrays `[texts]`.

    Attributes:
        log_likelihood: importance-weighted log p(text) under the model's prior, in nats, the end
            symbol counted; tokenisation is taken as given.
        bits_per_byte: -log p(text) / (ln 2 * UTF-8 bytes of the text), which alone compares models
            with different tokenizers; NaN for an empty text.
        ess: effective number of importance samples.
        standard_error: of log_likelihood, in nats, see `log_likelihood_error`; 0 for a language
            model, NaN for a single sample.
    """

    log_likelihood: np.ndarray
    bits_per_byte: np.ndarray
    ess: np.ndarray
    standard_error: np.ndarray

    def oddest(self, n: int | None = None) -> np.ndarray:
        """Places of the texts with the most bits per byte, the oddest first, int64 `[at most n]`.

        Empty texts, which have none, are left out.
        """
        order = np.argsort(-self.bits_per_byte, kind="stable")  # NaN comes last
        return order[: np.count_nonzero(~np.isnan(self.bits_per_byte))][:n]


class Neighbour(NamedTuple):
    """A text and the Euclidean distance of its code from another's."""

    text: str
    distance: float
