"""Batch normalisation of the posterior means."""

from dataclasses import dataclass

import keras

from scale_vae_keras.layers.posterior import Posterior
from scale_vae_keras.layers.posterior_batch_norm import PUBLISHED_EPSILON, PosteriorBatchNorm
from scale_vae_keras.models.normalised_vae import NormalisedVAE
from scale_vae_keras.models.settings import LatentSettings
from scale_vae_keras.models.system import System
from scale_vae_keras.settings import setting


@dataclass(frozen=True)
class BatchNormSettings(LatentSettings):
    """Settings of `BatchNormVAE`."""

    gamma: float = setting(
        0.6, "standard deviation of the posterior means over a batch, in each dimension", above=0
    )
    epsilon: float = setting(
        PUBLISHED_EPSILON,
        "added to the variance of the posterior means, which collapse where they vary less",
        above=0,
    )


@keras.saving.register_keras_serializable("scale_vae_keras")
class BatchNormVAE(NormalisedVAE):
    """BN-VAE: posterior means are batch-normalised with a fixed gamma and a learnt beta.

    Zhu et al. (2020). Over a training batch the mean KL is at least the sum over dimensions of
    `(gamma^2 v / (v + epsilon) + beta^2) / 2`, where v is the variance of the encoder's means: the
    published bound `n (gamma^2 + beta^2) / 2` up to epsilon. With the published
    one Adam can shrink the means below it in long training, and the posterior collapses; 1e-12
    keeps the bound. See `PosteriorBatchNorm`.

    Args:
        *args: as for `TextVAE`.
        gamma: the standard deviation of each dimension over the batch.
        epsilon: added to the variance of the means.
        **kwargs: as for `TextVAE`.

    Raises:
        InputError: an argument is out of its range.

    Example:
        >>> model = sv.BatchNormVAE(9, latent_dim=2, embedding_dim=3, units=4, gamma=0.5)
        >>> model.encode([[1, 5, 2]]).mean.shape
        TensorShape([1, 2])
        >>> float(model.mean_norm.stddev())
        0.5
    """

    def __init__(
        self,
        *args,
        gamma: float = BatchNormSettings.gamma,
        epsilon: float = BatchNormSettings.epsilon,
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        self.gamma = gamma
        self.epsilon = epsilon
        self.mean_norm = PosteriorBatchNorm(gamma, epsilon=epsilon, name="mean_norm")

    def posteriors(self, posterior: Posterior, training: bool) -> tuple[Posterior, Posterior]:
        """The posterior with normalised means, twice."""
        mean = self.mean_norm(posterior.mean, training=training)
        normalised = Posterior(mean, posterior.log_var)
        return normalised, normalised

    def get_config(self):
        """Returns the constructor's arguments."""
        return {**super().get_config(), "gamma": self.gamma, "epsilon": self.epsilon}


SYSTEM = System(
    "bn",
    BatchNormVAE,
    BatchNormSettings,
    "batch normalisation of the posterior means",
    "Zhu et al. (2020)",
)
