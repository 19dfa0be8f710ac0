"""The generator that a likelihood is declared for: the distribution that the decoder is fed."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.encode import Encoded

GENERATORS = ("scaled", "standard", "fitted")


class Prior(NamedTuple):
    """N(mean, diag stddev^2) in the space that the decoder is fed, float64 `[latent]` each."""

    mean: np.ndarray
    stddev: np.ndarray

    def kl(self, mean: np.ndarray, log_var: np.ndarray) -> np.ndarray:
        """KL(N(mean, exp(log_var)) || prior) in nats, float64 `[sentences, latent]`.

        Args:
            mean: `[sentences, latent]`.
            log_var: `[sentences, latent]`.
        """
        log_ratio = np.float64(log_var) - 2 * np.log(self.stddev)
        distance = (mean - self.mean) / self.stddev
        return 0.5 * (np.square(distance) + np.exp(log_ratio) - log_ratio - 1)

    def log_weight(self, z: np.ndarray, noise: np.ndarray, log_var: np.ndarray) -> np.ndarray:
        """Log prior(z) - log q(z|x) of samples z = mean + exp(log_var / 2) * noise.

        Args:
            z: `[samples, latent]`.
            noise: `[samples, latent]`.
            log_var: of the sentence's posterior, `[latent]`.

        Returns:
            Nats, float64 `[samples]`.
        """
        distance = (z - self.mean) / self.stddev
        constant = np.sum(0.5 * np.float64(log_var) - np.log(self.stddev))
        return constant + 0.5 * np.sum(np.square(noise) - np.square(distance), axis=1)


def factor(model) -> np.ndarray:
    """What the model's generator multiplies a sample of N(0, I) by, float64 `[latent]`.

    f-bar for Scale-VAE; 1 for models that feed the decoder the sample itself; nothing for a
    language model, which has no latent code.
    """
    latent_dim = model.decoder.latent_dim
    if not latent_dim:
        return np.ones(0)
    return np.float64(model.decoder_input(tf.ones([1, latent_dim]))[0])


def declared_prior(model, generator: str, fitted_on: Encoded | None = None) -> Prior:
    """The prior of a declared generator.

    "scaled": z ~ N(0, I) and the decoder is fed f-bar * z, which is N(0, diag f-bar^2) in its
    space: the generator of the Scale-VAE paper. "standard": the decoder is fed z ~ N(0, I).
    "fitted": the diagonal Gaussian with the mean and the variance of the aggregated posterior of
    the training sentences, the best one for the rate.

    Args:
        model: the model.
        generator: "scaled", "standard" or "fitted".
        fitted_on: posteriors of training sentences, for "fitted".

    Raises:
        InputError: the generator is unknown, or "fitted" without posteriors to fit.
    """
    zeros = np.zeros(model.decoder.latent_dim)
    if generator == "scaled":
        return Prior(zeros, factor(model))
    if generator == "standard":
        return Prior(zeros, np.ones_like(zeros))
    if generator != "fitted":
        raise InputError(f"unknown generator {generator!r}: choose {', '.join(GENERATORS)}")
    if fitted_on is None:
        raise InputError('the generator "fitted" needs training sentences: pass fitted_on')
    mean = np.float64(fitted_on.mean)
    variance = mean.var(axis=0) + np.exp(np.float64(fitted_on.log_var)).mean(axis=0)
    return Prior(mean.mean(axis=0), np.sqrt(variance))
