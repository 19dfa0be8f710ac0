"""Posteriors that keep their distance from each other."""

from dataclasses import dataclass

import keras
import tensorflow as tf

from scale_vae_keras.layers.posterior import Posterior
from scale_vae_keras.layers.replica import global_rows
from scale_vae_keras.models.settings import LatentSettings
from scale_vae_keras.models.system import System
from scale_vae_keras.models.text_vae import TextVAE
from scale_vae_keras.settings import check, setting


def pairwise_kl(posterior: Posterior) -> tf.Tensor:
    """KL(q_i || q_j) per pair of sentences and dimension, in nats, `[batch, batch, latent]`.

    Args:
        posterior: mean and log variance, `[batch, latent]`.
    """
    mean, log_var = posterior
    log_ratio = log_var[:, tf.newaxis] - log_var
    distance = tf.square(mean[:, tf.newaxis] - mean) * tf.exp(-log_var)
    return 0.5 * (tf.exp(log_ratio) + distance - log_ratio - 1.0)


@dataclass(frozen=True)
class MutualPosteriorSettings(LatentSettings):
    """Settings of `MutualPosteriorVAE`."""

    eta: float = setting(
        1.0,
        "weight of the reward for posteriors that differ: log sigmoid of their mean pairwise KL in "
        "nats, summed over dimensions",
        above=0,
    )
    gamma: float = setting(
        0.2,
        "weight of the penalty for posteriors that differ unevenly: the standard deviation of the "
        "KL over pairs, in nats",
        least=0,
    )


@keras.saving.register_keras_serializable("scale_vae_keras")
class MutualPosteriorVAE(TextVAE):
    """MAE: rewards posteriors of a batch that differ, and differ evenly.

    Ma et al. (2019), "MAE: Mutual Posterior-Divergence Regularization for Variational
    AutoEncoders". With MPD_d the mean over pairs i != j of the global batch of KL(q_i || q_j) in
    dimension d, and STD the standard deviation over these pairs of the KL summed over dimensions,
    the term added to the loss is `-eta sum_d log sigmoid(MPD_d) + gamma STD`, as in the published
    code since October 2018; before, it divided MPD_d by eta.

    Args:
        *args: as for `TextVAE`.
        eta: weight of the divergence.
        gamma: weight of the evenness of that divergence.
        **kwargs: as for `TextVAE`.

    Raises:
        InputError: an argument is out of its range.

    Example:
        >>> model = sv.MutualPosteriorVAE(9, latent_dim=2, embedding_dim=3, units=4, gamma=0.0)
        >>> near, far = (
        ...     sv.layers.Posterior(tf.constant([[-m, 0.0], [m, 0.0]]), tf.zeros([2, 2]))
        ...     for m in (0.1, 1.0)
        ... )
        >>> bool(model.penalty(far, far.mean, None) < model.penalty(near, near.mean, None))
        True
    """

    def __init__(
        self,
        *args,
        eta: float = MutualPosteriorSettings.eta,
        gamma: float = MutualPosteriorSettings.gamma,
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        check(MutualPosteriorSettings, eta=eta, gamma=gamma)
        self.eta = eta
        self.gamma = gamma

    def penalty(self, sampled: Posterior, z: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """The two terms over the global batch, a scalar in nats; 0 for a single sentence."""
        pairs = pairwise_kl(Posterior(*(global_rows(part) for part in sampled)))
        rows = tf.shape(pairs)[0]
        others = tf.cast(tf.maximum(rows * (rows - 1), 1), tf.float32)
        divergence = tf.reduce_sum(pairs, axis=[0, 1]) / others
        deviation = tf.reduce_sum(pairs, axis=2) - tf.reduce_sum(divergence)
        squares = tf.reduce_sum(tf.square(deviation) * (1.0 - tf.eye(rows)))
        std = tf.sqrt(tf.maximum(squares / tf.maximum(others - 1.0, 1.0), 1e-12))
        reward = self.eta * tf.reduce_sum(tf.math.log_sigmoid(divergence))
        return tf.where(rows > 1, self.gamma * std - reward, 0.0)

    def get_config(self):
        """Returns the constructor's arguments."""
        return {**super().get_config(), "eta": self.eta, "gamma": self.gamma}


SYSTEM = System(
    "mae",
    MutualPosteriorVAE,
    MutualPosteriorSettings,
    "rewards posteriors that differ, and differ evenly",
    "Ma et al. (2019)",
)
