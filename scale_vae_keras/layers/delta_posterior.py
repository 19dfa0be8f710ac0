"""Posteriors with a KL that cannot fall below a floor."""

import math

import tensorflow as tf

from scale_vae_keras.layers.posterior import Posterior

_CLIP = 50.0


def stddev_range(delta: float) -> tuple[float, float]:
    """The standard deviations at which N(0, s^2) has KL(N(0, s^2) || N(0, 1)) = delta.

    The roots v = s^2 of `ln v - v + 2 delta + 1 = 0`, one below and one above 1.

    Args:
        delta: the KL in nats, positive.
    """

    def slack(v):
        return math.log(v) - v + 2 * delta + 1

    def root(inside, outside):
        for _ in range(200):
            middle = 0.5 * (inside + outside)
            inside, outside = (middle, outside) if slack(middle) > 0 else (inside, middle)
        return math.sqrt(inside)

    return root(1.0, math.exp(-2 * delta - 2)), root(1.0, 4 * delta + 4)


def delta_posterior(raw: Posterior, delta: float) -> Posterior:
    """The posterior of delta-VAE (Razavi et al., 2019) from unconstrained outputs.

    With l and u of `stddev_range`, a the raw log variance and b the raw mean:
    `stddev = l + (u - l) / clip(1 + exp(-a), 1, 50)` and
    `mean = sqrt(2 delta + 1 + ln stddev^2 - stddev^2 + relu(b) + 1e-6)`, so that every dimension
    has a KL of delta + relu(b) / 2 and the mean is positive.

    Args:
        raw: the encoder's outputs, float32 `[batch, latent]`.
        delta: least KL, in nats per dimension.
    """
    low, high = stddev_range(delta)
    share = tf.sigmoid(tf.maximum(raw.log_var, -math.log(_CLIP - 1)))
    variance = tf.square(low + (high - low) * share)
    log_var = tf.math.log(variance)
    slack = tf.maximum(2 * delta + 1 + log_var - variance, 0.0)
    return Posterior(tf.sqrt(slack + tf.nn.relu(raw.mean) + 1e-6), log_var)
