"""The checks of a prior: priors here pass them, and each mistake is found."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import scale_vae_keras as sv
from scale_vae_keras.samplers.row_random import row_normals
from scale_vae_keras.testing import check_prior

GOOD = {
    "standard": sv.priors.StandardPrior,
    "full": sv.priors.FullPrior,
    "mixture": lambda: sv.priors.MixturePrior(2),
    "learned mixture": lambda: sv.priors.LearnedMixturePrior(3),
}


@pytest.mark.parametrize("name", GOOD)
def test_prior(name):
    if name == "mixture":
        pytest.importorskip("sklearn", reason="needs the extra mixture")
    prior = GOOD[name]()
    check_prior(prior)
    assert not prior.built


def test_a_prior_is_checked_with_its_weights_which_stay():
    prior = sv.priors.LearnedMixturePrior(3)
    prior.build_for(3)
    before = [weight + 0.1 for weight in prior.get_weights()]
    prior.set_weights(before)
    check_prior(prior, latent_dim=3)
    np.testing.assert_array_equal(
        np.concatenate([w.ravel() for w in prior.get_weights()]),
        np.concatenate([w.ravel() for w in before]),
    )


class Base(sv.priors.StandardPrior):
    kind = "mine"


class WrongNormaliser(Base):
    def log_density(self, z):
        return super().log_density(z) + 0.2


class WiderSamples(Base):
    def sample(self, seeds):
        return 1.2 * super().sample(seeds)


class ShiftedDivergence(Base):
    def kl(self, mean, log_var):
        return super().kl(mean, log_var) + 0.1


class NoiseOfTheBatch(Base):
    def sample(self, seeds):
        return tf.random.stateless_normal([tf.shape(seeds)[0], 2], [1, 2])


class OneSeedForAll(Base):
    def sample(self, seeds):
        return row_normals(0 * seeds, self.latent_dim)


class SinglePrecision(Base):
    def log_density(self, z):
        return tf.cast(super().log_density(z), tf.float32)


class SumOfTheBatch(Base):
    def log_density(self, z):
        return (
            super().log_density(z)
            + 0 * tf.cast(tf.size(z), tf.float64)
            + tf.cast(tf.rank(z) - 2, tf.float64)
        )


class ForgetsItsWidth(Base):
    closed_form = False

    def __init__(self, width=1.0, **kwargs):
        super().__init__(**kwargs)
        self.width = width

    def log_density(self, z):
        scaled = super().log_density(tf.cast(z, tf.float64) / self.width)
        return scaled - self.latent_dim * np.log(self.width)

    def sample(self, seeds):
        return self.width * super().sample(seeds)

    def get_config(self):
        return {"name": self.name}


class StateOutsideOfWeights(Base):
    needs_fit = True
    closed_form = False
    shift = 0.0

    def _fit(self, mean, log_var, seed):
        self.shift = float(np.mean(mean))

    def log_density(self, z):
        return super().log_density(tf.cast(z, tf.float64) - self.shift)

    def sample(self, seeds):
        return super().sample(seeds) + self.shift


MISTAKES = {
    WrongNormaliser: r"the integral of exp\(log_density\) is not 1: 1\.2",
    WiderSamples: "samples are not those of log_density",
    ShiftedDivergence: "kl is not the divergence of log_density",
    NoiseOfTheBatch: "a sample depends on the other rows",
    OneSeedForAll: "other seeds give the same sample",
    SinglePrecision: "log_density is float32, not float64",
    SumOfTheBatch: "log_density depends on how codes are arranged",
    StateOutsideOfWeights: "or state is not in weights",
}


@pytest.mark.parametrize("kind", MISTAKES)
def test_mistake(kind):
    keras.saving.register_keras_serializable("tests")(kind)
    with pytest.raises(AssertionError, match=MISTAKES[kind]):
        check_prior(kind())


def test_an_argument_that_the_configuration_lacks_is_found():
    keras.saving.register_keras_serializable("tests")(ForgetsItsWidth)
    prior = ForgetsItsWidth(width=2.0)
    prior.build_for(2)
    with pytest.raises(AssertionError, match="get_config leaves arguments out"):
        check_prior(prior)
