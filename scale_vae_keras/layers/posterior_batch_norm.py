"""Batch normalisation of posterior means."""

import keras
import numpy as np
import tensorflow as tf

from scale_vae_keras.layers.replica import global_moments, host_value
from scale_vae_keras.layers.state import add_state
from scale_vae_keras.settings import real_number, whole_number

PUBLISHED_EPSILON = 1e-5
_MOMENTUM = 0.1


@keras.saving.register_keras_serializable("scale_vae_keras")
class PosteriorBatchNorm(keras.layers.Layer):
    """Gives every dimension of the posterior mean a fixed spread over the batch.

    BN-VAE (Zhu et al., 2020): `gamma * (mean - m) / sqrt(v + epsilon) + beta` with m, v the mean
    and the variance (divided by N) over the global batch, `beta` learnt and gamma fixed. In DU-VAE
    (Shen et al., 2021) gamma is a learnt vector, which is brought back to its root mean square
    before each training batch; as in the published code the gradient does not see that.
    Outside training m and v are running averages with momentum 0.1, of the variance divided by
    N - 1. A training batch of fewer than `min_batch` sentences, or with a statistic that is not
    finite, is normalised by the running averages and leaves them alone.

    Args:
        gamma: the standard deviation of each dimension, or its root mean square over dimensions.
        learn_scale: whether gamma is learnt per dimension, with a fixed root mean square.
        min_batch: smallest global batch that is normalised by its own statistics.
        epsilon: added to the variance. An encoder whose means vary as little escapes the spread
            and collapses.

    Raises:
        InputError: an argument is out of its range.

    Example:
        >>> layer = sv.layers.PosteriorBatchNorm(gamma=0.5)
        >>> layer(tf.constant([[-3.0], [3.0]]), training=True).numpy().round(3)
        array([[-0.5],
               [ 0.5]], dtype=float32)
    """

    def __init__(
        self,
        gamma: float,
        learn_scale: bool = False,
        min_batch: int = 2,
        epsilon: float = PUBLISHED_EPSILON,
        **kwargs,
    ):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.gamma = real_number("gamma", gamma, above=0)
        self.learn_scale = learn_scale
        self.min_batch = whole_number("min_batch", min_batch, 2)
        self.epsilon = real_number("epsilon", epsilon, above=0)
        self.supports_jit = False

    def build(self, input_shape):
        """Creates the weights for means `[batch, latent]`."""
        latent = input_shape[-1]
        self.beta = self.add_weight(name="beta", shape=(latent,), initializer="zeros")
        if self.learn_scale:
            self.scale = self.add_weight(
                name="scale",
                shape=(latent,),
                initializer=keras.initializers.Constant(self.gamma),
                aggregation="only_first_replica",
            )
        self.running_mean = add_state(self, "running_mean", (latent,))
        self.running_variance = add_state(self, "running_variance", (latent,), "ones")

    def call(self, mean: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Normalised means.

        Args:
            mean: posterior means, float32 `[batch, latent]`; this replica's share of the batch.
            training: whether to use and record the statistics of the batch.

        Returns:
            float32 `[batch, latent]`.
        """
        centre = tf.convert_to_tensor(self.running_mean)
        variance = tf.convert_to_tensor(self.running_variance)
        if training:
            if self.learn_scale:
                self.scale.assign(self.stddev())
            own_centre, own_variance, count = global_moments(mean)
            usable = (count >= self.min_batch) & tf.reduce_all(tf.math.is_finite(own_variance))
            self._record(own_centre, own_variance, count, usable)
            centre = tf.where(usable, own_centre, centre)
            variance = tf.where(usable, own_variance, variance)
        return self.stddev() * (mean - centre) * tf.math.rsqrt(variance + self.epsilon) + self.beta

    def has_statistics(self) -> bool:
        """Whether a training batch has been normalised by its own statistics so far."""
        if not self.built:
            return False
        moved = host_value(self.running_mean) != 0, host_value(self.running_variance) != 1
        return bool(np.any(moved))

    def stddev(self) -> tf.Tensor:
        """The standard deviation that each dimension is given, float32 `[latent]` or a scalar."""
        if not self.learn_scale:
            return tf.constant(self.gamma, tf.float32)
        scale = tf.convert_to_tensor(self.scale)
        rms = tf.sqrt(tf.reduce_mean(tf.square(scale)))
        return scale * tf.stop_gradient(self.gamma / rms)

    def _record(self, centre, variance, count, usable):
        unbiased = variance * count / tf.maximum(count - 1.0, 1.0)
        for running, own in ((self.running_mean, centre), (self.running_variance, unbiased)):
            moved = running + _MOMENTUM * (tf.stop_gradient(own) - running)
            running.assign(tf.where(usable, moved, running))

    def get_config(self):
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "gamma": self.gamma,
            "learn_scale": self.learn_scale,
            "min_batch": self.min_batch,
            "epsilon": self.epsilon,
        }
