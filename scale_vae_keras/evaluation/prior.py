"""The generator that a likelihood is declared for: the distribution that the decoder is fed."""

from typing import Protocol

import numpy as np
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.encode import Encoded, check_finite
from scale_vae_keras.evaluation.gaussian_prior import DiagonalPrior, FullPrior
from scale_vae_keras.evaluation.mixture_prior import MixturePrior

FITTED = {"fitted": DiagonalPrior, "fitted-full": FullPrior, "fitted-mixture": MixturePrior}
"""Generators whose prior is fitted to training posteriors, and its family."""

GENERATORS = ("scaled", "standard", *FITTED)


class Prior(Protocol):
    """A density in the space that the decoder is fed; a tuple of its parameters, float64 arrays."""

    def kl(self, mean: np.ndarray, log_var: np.ndarray) -> np.ndarray | None:
        """KL(N(mean, exp(log_var)) || prior) in nats, float64 `[sentences]`.

        None where it has no closed form: it is then the mean over samples z of q of
        `log q(z) - log prior(z)`.

        Args:
            mean: `[sentences, latent]`.
            log_var: `[sentences, latent]`.
        """

    def log_density(self, z: np.ndarray) -> np.ndarray:
        """Log prior(z) in nats, float64 `[...]` for z `[..., latent]`."""

    def sample(self, count: int, seed: int) -> np.ndarray:
        """Samples, float32 `[count, latent]`; more of them begin with the same ones.

        Decoded with `row_seeds(count, seed)`, those of "scaled" give the sentences of
        `TextGenerator.generate(count, seed)`.

        Raises:
            InputError: `count` is below 1, or `seed` below 0.
        """

    def __iter__(self):
        """The parameters."""


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

    The others have a prior that is fitted to the aggregated posterior of the training sentences,
    (1/N) sum_j q(z|x_j), after training: valid generators, since nothing of the sentences that are
    measured is in them. "fitted": the best diagonal Gaussian for the rate. "fitted-full": the best
    Gaussian. "fitted-mixture": a mixture of Gaussians, see `MixturePrior.fit`. The mean rate is the
    mutual information plus the KL of the aggregated posterior to the prior (Hoffman and Johnson,
    2016); a better fit lowers the second part.

    A language model has no latent code, and all generators are the same one.

    Args:
        model: the model.
        generator: one of `GENERATORS`.
        fitted_on: posteriors of training sentences, for a generator that is fitted.

    Raises:
        InputError: the generator is unknown, one that is fitted has no posteriors or posteriors
            that are not finite, or "fitted-mixture" is asked for without scikit-learn.
    """
    if generator not in GENERATORS:
        raise InputError(f"unknown generator {generator!r}: choose {', '.join(GENERATORS)}")
    zeros = np.zeros(model.decoder.latent_dim)
    if generator == "scaled":
        return DiagonalPrior(zeros, factor(model))
    if generator == "standard":
        return DiagonalPrior(zeros, np.ones_like(zeros))
    if fitted_on is None:
        raise InputError(f'the generator "{generator}" needs training sentences: pass fitted_on')
    if not len(zeros):
        return DiagonalPrior(zeros, np.ones(0))
    check_finite(fitted_on)
    return FITTED[generator].fit(fitted_on.mean, fitted_on.log_var)
