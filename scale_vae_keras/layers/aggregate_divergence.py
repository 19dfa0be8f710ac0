"""Distances between the aggregated posterior of a batch and the standard normal prior."""

import tensorflow as tf

from scale_vae_keras.layers.posterior import Posterior


def aggregate_kl(z: tf.Tensor, posterior: Posterior) -> tf.Tensor:
    """Terms of an estimate of KL(1/N sum_j q_j || N(0, I)), whose mean over z is the estimate.

    `log (1/N) sum_j q_j(z_i) - log N(z_i; 0, I)` for samples z_i of the q_i.

    Args:
        z: samples, float32 `[batch, latent]`, of some of the posteriors.
        posterior: all of them, mean and log variance `[N, latent]`.

    Returns:
        Nats, float32 `[batch]`.
    """
    mean, log_var = posterior
    # The factors of 2 pi in both densities cancel.
    distance = tf.square(z[:, tf.newaxis] - mean) * tf.exp(-log_var) + log_var
    log_density = tf.reduce_logsumexp(-0.5 * tf.reduce_sum(distance, axis=2), axis=1)
    count = tf.cast(tf.shape(mean)[0], tf.float32)
    return log_density - tf.math.log(count) + 0.5 * tf.reduce_sum(tf.square(z), axis=1)


def maximum_mean_discrepancy(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    """Squared maximum mean discrepancy of two sets of samples, each pair counted, a scalar.

    The kernel of the InfoVAE code: `exp(-|a - b|^2 / n^2)` in n dimensions.

    Args:
        first: float32 `[samples, latent]`.
        second: float32 `[samples, latent]`.
    """

    def mean_kernel(a, b):
        squared = tf.reduce_sum(tf.square(a[:, tf.newaxis] - b), axis=2)
        return tf.reduce_mean(tf.exp(-squared / float(a.shape[1]) ** 2))

    return mean_kernel(first, first) + mean_kernel(second, second) - 2 * mean_kernel(first, second)
