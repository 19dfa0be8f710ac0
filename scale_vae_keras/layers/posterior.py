"""The diagonal Gaussian posterior q(z|x)."""

from typing import NamedTuple

import keras
import tensorflow as tf

from scale_vae_keras.settings import real_number, whole_number


class Posterior(NamedTuple):
    """Mean and log variance of N(mean, diag exp(log_var)), both float32 `[batch, latent]`.

    Example:
        >>> posterior = sv.layers.Posterior(tf.constant([[1.0, 0.0]]), log_var=tf.zeros([1, 2]))
        >>> posterior.sample(tf.constant([[0.5, 0.5]])).numpy()
        array([[1.5, 0.5]], dtype=float32)
    """

    mean: tf.Tensor
    log_var: tf.Tensor

    @property
    def stddev(self) -> tf.Tensor:
        """Standard deviation, float32 `[batch, latent]`."""
        return tf.exp(0.5 * self.log_var)

    def sample(self, noise: tf.Tensor) -> tf.Tensor:
        """Reparameterised sample `mean + stddev * noise`, float32 `[batch, latent]`."""
        return self.mean + self.stddev * noise


class UnscaledPosterior(NamedTuple):
    """The posterior that Scale-VAE charges the rate on, and the factor of its mean.

    Attributes:
        mean: float32 `[batch, latent]`.
        log_var: log variance, of the decoder's posterior as well, float32 `[batch, latent]`.
        factor: f in effect, float32 `[latent]`.

    Example:
        >>> charged = sv.layers.UnscaledPosterior(tf.ones([1, 2]), tf.zeros([1, 2]), tf.ones([2]))
        >>> sv.layers.uncharged_kl(charged).numpy()  # a factor of 1 leaves nothing uncharged
        array([[0., 0.]], dtype=float32)
    """

    mean: tf.Tensor
    log_var: tf.Tensor
    factor: tf.Tensor


def standard_kl(posterior: Posterior | UnscaledPosterior) -> tf.Tensor:
    """KL(N(mean, exp(log_var)) || N(0, 1)) per dimension, in nats, `[batch, latent]`."""
    log_var = posterior.log_var
    return 0.5 * (tf.square(posterior.mean) + tf.exp(log_var) - log_var - 1.0)


def uncharged_kl(posterior: UnscaledPosterior) -> tf.Tensor:
    """What the objective of Scale-VAE leaves uncharged per dimension, in nats, `[batch, latent]`.

    `log f - sigma^2 (1 - 1/f^2) / 2`: the KL of the decoder's posterior N(f * mu, sigma^2) to
    N(0, f^2), which a bound charges, less KL(N(mu, sigma^2) || N(0, 1)). It is negative only where
    f < 1, or sigma > 1.
    """
    factor = posterior.factor
    variance = tf.exp(posterior.log_var)
    return tf.math.log(factor) - 0.5 * variance * (1.0 - tf.math.reciprocal(tf.square(factor)))


def prior_kl(posterior: Posterior, prior_std: tf.Tensor) -> tf.Tensor:
    """KL(N(mean, exp(log_var)) || N(0, prior_std^2)) per dimension, `[batch, latent]`.

    With the posterior of Scale-VAE's decoder and the factor f as `prior_std` this is the rate of
    the proper bound for the generator that feeds `f * z`.

    Args:
        posterior: mean and log variance, `[batch, latent]`.
        prior_std: positive standard deviations, `[latent]`.
    """
    mean, log_var = posterior
    ratio = (tf.square(mean) + tf.exp(log_var)) / tf.square(prior_std)
    return 0.5 * (ratio - 1.0 - log_var) + tf.math.log(prior_std)


@keras.saving.register_keras_serializable("scale_vae_keras")
class GaussianPosterior(keras.layers.Layer):
    """Maps the encoder's summary of a sentence to its posterior.

    One linear map without bias gives mean and log variance, computed in float32 under every
    precision policy.

    Args:
        latent_dim: number of latent dimensions.
        initializer_range: the weights start uniform in plus or minus this value; `1 / sqrt(width)`
            of the summary by default.

    Raises:
        InputError: `latent_dim` is no positive whole number.

    Example:
        >>> layer = sv.layers.GaussianPosterior(latent_dim=2, initializer_range=0.5)
        >>> layer(tf.ones([3, 4])).mean.shape
        TensorShape([3, 2])
    """

    def __init__(self, latent_dim: int, initializer_range: float | None = None, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.latent_dim = whole_number("latent_dim", latent_dim, 1)
        if initializer_range is not None:
            initializer_range = real_number("initializer_range", initializer_range, least=0)
        self.initializer_range = initializer_range
        self.supports_jit = False

    def build(self, input_shape):
        """Creates the map for inputs `[batch, units]`."""
        width = input_shape[-1]
        limit = width**-0.5 if self.initializer_range is None else self.initializer_range
        self.kernel = self.add_weight(
            name="kernel",
            shape=(width, 2 * self.latent_dim),
            initializer=keras.initializers.RandomUniform(-limit, limit),
        )

    def call(self, summary: tf.Tensor) -> Posterior:
        """One posterior per sentence from its summary `[batch, units]`."""
        mean, log_var = tf.split(tf.matmul(tf.cast(summary, tf.float32), self.kernel), 2, axis=-1)
        return Posterior(mean, log_var)

    def compute_output_shape(self, input_shape):
        """Shapes of mean and log variance."""
        shape = (input_shape[0], self.latent_dim)
        return Posterior(shape, shape)

    def get_config(self):
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "latent_dim": self.latent_dim,
            "initializer_range": self.initializer_range,
        }
