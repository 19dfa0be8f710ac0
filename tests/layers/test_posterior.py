import keras
import numpy as np
import tensorflow as tf

from scale_vae_keras.layers.posterior import GaussianPosterior, Posterior, prior_kl, standard_kl

MEAN = np.array([[0.0, 1.0], [-2.0, 0.5]], np.float32)
LOG_VAR = np.log([[1.0, 4.0], [0.25, 1.0]]).astype(np.float32)
Q = Posterior(tf.constant(MEAN), tf.constant(LOG_VAR))


def numeric_kl(prior_std):
    """The integral of q log(q / p), on a grid."""
    z = np.linspace(-30, 30, 60001)

    def log_density(mean, std):
        return -0.5 * np.square((z - mean) / std) - np.log(std * np.sqrt(2 * np.pi))

    kl = np.zeros(MEAN.shape)
    for row, dim in np.ndindex(*MEAN.shape):
        log_q = log_density(MEAN[row, dim], np.exp(0.5 * LOG_VAR[row, dim]))
        kl[row, dim] = np.sum(np.exp(log_q) * (log_q - log_density(0, prior_std[dim]))) * 0.001
    return kl


def test_sample():
    np.testing.assert_allclose(Q.stddev, [[1, 2], [0.5, 1]], rtol=1e-6)
    noise = np.array([[3.0, -1.0], [2.0, 0.0]], np.float32)
    np.testing.assert_allclose(Q.sample(noise), [[3, -1], [-1, 0.5]], rtol=1e-6)


def test_standard_kl():
    expected = [[0, 0.5 * (1 + 4 - np.log(4) - 1)], [0.5 * (4 + 0.25 + np.log(4) - 1), 0.125]]
    np.testing.assert_allclose(standard_kl(Q), expected, rtol=1e-6)
    np.testing.assert_allclose(standard_kl(Q), numeric_kl([1, 1]), rtol=1e-5, atol=1e-6)


def test_prior_kl():
    np.testing.assert_allclose(prior_kl(Q, tf.ones(2)), standard_kl(Q), rtol=1e-6)
    prior_std = np.array([3.0, 0.5], np.float32)
    np.testing.assert_allclose(prior_kl(Q, prior_std), numeric_kl(prior_std), rtol=1e-5)


def test_prior_kl_of_scaled_means_is_the_kl_of_the_unscaled_posterior_over_f():
    factor = np.array([7.0, 0.4], np.float32)
    unscaled = Posterior(Q.mean, Q.log_var - 2 * np.log(factor))
    scaled = Posterior(factor * Q.mean, Q.log_var)
    np.testing.assert_allclose(prior_kl(scaled, factor), standard_kl(unscaled), rtol=1e-5)


def test_the_map_is_linear_without_bias():
    layer = GaussianPosterior(2, 0.1)
    layer.build((None, 3))
    kernel = np.arange(12, dtype=np.float32).reshape(3, 4)
    layer.set_weights([kernel])
    summary = np.array([[1.0, 0.0, 2.0], [0.0, -1.0, 0.5]], np.float32)
    posterior = layer(summary)
    np.testing.assert_allclose(posterior.mean, summary @ kernel[:, :2])
    np.testing.assert_allclose(posterior.log_var, summary @ kernel[:, 2:])


def test_initial_weights_fill_their_range():
    layer = GaussianPosterior(20, 0.1)
    layer.build((None, 50))
    kernel = np.array(layer.kernel)
    assert 0.098 < np.abs(kernel).max() <= 0.1
    assert abs(kernel.std() - 0.1 / np.sqrt(3)) < 0.003


def test_float32_under_mixed_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        layer = GaussianPosterior(2, 0.1)
        posterior = layer(tf.fill([4, 3], tf.constant(1e-3, tf.float16)))
    finally:
        keras.config.set_dtype_policy(before)
    assert posterior.mean.dtype == posterior.log_var.dtype == tf.float32
    expected = np.full((4, 3), np.float32(np.float16(1e-3))) @ np.array(layer.kernel)
    np.testing.assert_allclose(posterior.mean, expected[:, :2], rtol=1e-5)


def test_config_round_trip():
    config = GaussianPosterior(3, 0.2).get_config()
    assert (config["latent_dim"], config["initializer_range"]) == (3, 0.2)
    assert GaussianPosterior.from_config(config).get_config() == config
