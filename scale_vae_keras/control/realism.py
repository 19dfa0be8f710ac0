"""Which codes stand for text: those that the prior draws, and that the encoder finds again."""

from typing import NamedTuple

import numpy as np

from scale_vae_keras.errors import InputError
from scale_vae_keras.samplers.row_random import row_seeds
from scale_vae_keras.settings import real_number

_SAMPLES = 512


class Realism(NamedTuple):
    """Bounds that codes are held to, taken from samples of the prior.

    Attributes:
        log_density: least log-density under the prior, in nats.
        distance: largest distance of a code from the code of the text that is written from it.
        scale: what a difference in each dimension is divided by before the distance is taken, the
            standard deviation of the prior's samples, `[latent]`.

    Example:
        >>> bounds = realism_bounds(text_model, seed=1)
        >>> texts = text_model.decode(codes)
        >>> codes[bounds.agree(codes, text_model.encode(texts).mean)]
    """

    log_density: float
    distance: float
    scale: np.ndarray

    def agree(self, codes: np.ndarray, again: np.ndarray) -> np.ndarray:
        """Which codes the encoder finds again in what the decoder writes, bool `[codes]`.

        Args:
            codes: what was decoded, `[codes, latent]`.
            again: posterior means of the texts, `[codes, latent]`.
        """
        return round_trip(codes, again, self.scale) <= self.distance


def round_trip(codes: np.ndarray, again: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Root mean square difference by dimension, in units of `scale`, float64 `[codes]`."""
    return np.sqrt(np.mean(np.square((np.float64(codes) - again) / scale), axis=1))


def realism_bounds(
    text_model, quantile: float = 0.05, seed: int = 0, label: str | None = None
) -> Realism:
    """The bounds that all but a share of the prior's own samples keep.

    Args:
        text_model: a `TextModel` with a latent code.
        quantile: the share of samples below the density, and of those beyond the distance, in
            [0, 1).
        seed: of the samples.
        label: that a model with a condition writes and reads the texts with.

    Raises:
        InputError: `quantile` is out of its range, the prior is not fitted yet, or the label is
            missing or unknown.
    """
    quantile = real_number("quantile", quantile, least=0, below=1)
    codes = prior_codes(text_model, _SAMPLES, seed)
    again = text_model.encode(text_model.decode(codes, label=label), label).mean
    scale = np.std(codes, axis=0, dtype=np.float64)
    distance = round_trip(codes, again, scale)
    return Realism(
        float(np.quantile(log_density(text_model, codes), quantile)),
        float(np.quantile(distance, 1 - quantile)),
        scale,
    )


def prior_codes(text_model, count: int, seed: int) -> np.ndarray:
    """Samples of the model's prior in the space that the decoder reads, float32 `[count, latent]`.

    Raises:
        InputError: the prior is not fitted yet, or the model has no latent code.
    """
    if not text_model.model.latent_dim:
        raise InputError("a language model has no latent code: use a text VAE, such as scale")
    text_model.model.ensure_built()
    text_model.model.prior.check_fitted()
    return np.asarray(text_model.model.prior.sample(row_seeds(count, seed)))


def log_density(text_model, codes: np.ndarray) -> np.ndarray:
    """Log-density of codes under the model's prior, in nats, float64 `[codes]`."""
    return np.asarray(text_model.model.prior.log_density(np.float32(codes)))
