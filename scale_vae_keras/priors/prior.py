"""The interface of all priors."""

import math
from typing import ClassVar

import keras
import numpy as np
import tensorflow as tf

from scale_vae_keras.errors import DivergedError, InputError
from scale_vae_keras.layers.posterior import Posterior
from scale_vae_keras.layers.replica import host_value
from scale_vae_keras.layers.state import add_state

FIT_LIMIT = 10_000
"""How many training sentences a prior is fitted to, unless asked otherwise."""


class Prior(keras.layers.Layer):
    """p(z), the density of the codes that a decoder is fed.

    A prior is a layer that keeps its state in weights, so that `.keras` files, checkpoints and
    exports carry it. Its methods are graph operations: evaluation, generation, validation and the
    served model share them. Densities and rates are computed in float64, since they are differences
    of large numbers; samples are float32.

    A subclass has a `kind`, defines `log_density` and `sample`, and either `kl` or
    `closed_form = False`. Register it with `keras.saving.register_keras_serializable`.

    Attributes:
        kind: the name that the prior goes by on the command line and in metrics.
        closed_form: whether `kl` exists. Where it does not, `rate` is an unbiased estimate.
        needs_fit: whether `fit` estimates the prior from posteriors, after or between epochs.
        learned: whether the prior is trained with the model, by the rate of each step.
        latent_dim: number of latent dimensions, known once the prior is built.

    Example:
        >>> prior = sv.priors.get_prior("standard")
        >>> prior.build_for(2)
        >>> prior.kl(tf.constant([[1.0, 2.0]]), tf.zeros([1, 2])).numpy()
        array([2.5])
        >>> prior.sample(tf.constant([7, 8], tf.int64)).shape
        TensorShape([2, 2])
    """

    kind: ClassVar[str]
    closed_form: ClassVar[bool] = True
    needs_fit: ClassVar[bool] = False
    learned: ClassVar[bool] = False

    def __init__(self, **kwargs):
        super().__init__(**{"name": "prior", "dtype": "float32", **kwargs})
        self.supports_jit = False

    def attach(self, model: keras.Model) -> None:
        """Tells the prior which model it belongs to, before it is built.

        Args:
            model: a text VAE.

        Raises:
            InputError: the prior computes with parts of another model.
        """

    def check_installed(self) -> None:
        """Refuses to go on without a library that `fit` needs.

        Raises:
            InputError: it is not installed.
        """

    def _method_of(self, model, name, known):
        """A method of the model that the prior computes with; `known` is the one it has, or None.

        A method and not a layer: the layer's weights belong to the model.
        """
        if known is not None and known.__self__ is not model:
            raise InputError(
                f'the prior "{self.kind}" belongs to another model: give this one its name, or a '
                f"new {type(self).__name__}"
            )
        return getattr(model, name)

    def build(self, input_shape):
        """Creates the state for codes `[..., latent]`."""
        self.latent_dim = int(input_shape[-1])
        if self.needs_fit:
            self.fitted = add_state(self, "fitted")

    def build_for(self, latent_dim: int) -> None:
        """Builds the prior; one that is built already, such as another model's, is kept as it is.

        Raises:
            InputError: it was built for another number of dimensions.
        """
        if not self.built:
            self.build((None, latent_dim))
        if self.latent_dim != latent_dim:
            raise InputError(
                f"the prior has {self.latent_dim} dimensions and the model {latent_dim}: give the "
                "model a prior of its own"
            )

    def get_build_config(self):
        """None: the model builds its prior."""

    def call(self, z: tf.Tensor) -> tf.Tensor:
        """As `log_density`."""
        return self.log_density(z)

    def log_density(self, z: tf.Tensor) -> tf.Tensor:
        """Log p(z) in nats, float64 `[...]`.

        Args:
            z: float32 or float64 `[..., latent]`.
        """
        raise NotImplementedError

    def kl(self, mean: tf.Tensor, log_var: tf.Tensor) -> tf.Tensor:
        """KL(N(mean, diag exp(log_var)) || p) in closed form, in nats, float64 `[batch]`.

        Args:
            mean: `[batch, latent]`.
            log_var: `[batch, latent]`.

        Raises:
            InputError: it has no closed form.
        """
        raise InputError(f'the KL to the prior "{self.kind}" has no closed form: use `rate`')

    def rate(self, mean: tf.Tensor, log_var: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
        """The KL of a posterior to the prior, in nats, float64 `[batch]`.

        Exact where the KL has a closed form; else an estimate from one sample whose mean over z is
        the KL.

        Args:
            mean: `[batch, latent]`.
            log_var: `[batch, latent]`.
            z: a sample of N(mean, diag exp(log_var)) per row, `[batch, latent]`.
        """
        if self.closed_form:
            return self.kl(mean, log_var)
        return gaussian_log_density(z, mean, log_var) - self.log_density(z)

    def sample(self, seeds: tf.Tensor) -> tf.Tensor:
        """One sample per row, float32 `[rows, latent]`, which depends only on the row's seed.

        Args:
            seeds: int64 `[rows]`.
        """
        raise NotImplementedError

    def fit(self, posteriors: Posterior, seed: int = 0) -> None:
        """Fits the prior to the aggregated posterior of training sentences.

        Args:
            posteriors: mean and log variance, arrays `[sentences, latent]`.
            seed: seed of the samples that the fit draws, if it draws any.

        Raises:
            InputError: the prior is not one that is fitted, there are no posteriors, or they are
                not finite.
        """
        if not self.needs_fit:
            raise InputError(
                f'the prior "{self.kind}" is not fitted to posteriors: leave fit_prior out, or '
                'choose "diagonal", "full" or "mixture"'
            )
        mean, log_var = (np.asarray(part, np.float64) for part in posteriors)
        if mean.ndim != 2 or mean.shape != log_var.shape or not len(mean):
            raise InputError(
                f"posteriors have shapes {mean.shape} and {log_var.shape}: a prior is fitted to "
                "arrays [sentences, latent] of at least one sentence"
            )
        if not np.all(np.isfinite(mean)) or not np.all(np.isfinite(log_var)):
            raise DivergedError("a posterior is not finite: the model has diverged, train it again")
        self._fit(mean, log_var, seed)
        self.fitted.assign(1.0)

    def _fit(self, mean, log_var, seed):
        raise NotImplementedError

    @property
    def is_fitted(self) -> bool:
        """Whether it needs no fit, or has been fitted."""
        return not self.needs_fit or float(host_value(self.fitted)) > 0.5

    def check_fitted(self) -> None:
        """Refuses a prior that has to be fitted and has not been.

        Raises:
            InputError: the prior is not fitted.
        """
        if not self.is_fitted:
            raise InputError(
                f'the prior "{self.kind}" is not fitted yet: call model.fit_prior(dataset), or '
                "train with the callback FitPrior"
            )

    def compute_output_shape(self, input_shape):
        """Shape of the log density."""
        return tuple(input_shape[:-1])


def gaussian_log_density(z: tf.Tensor, mean: tf.Tensor, log_var: tf.Tensor) -> tf.Tensor:
    """Log N(z; mean, diag exp(log_var)) in nats, float64 `[...]`, from `[..., latent]` each."""
    z, mean, log_var = (tf.cast(part, tf.float64) for part in (z, mean, log_var))
    terms = tf.square(z - mean) * tf.exp(-log_var) + log_var + math.log(2 * math.pi)
    return -0.5 * tf.reduce_sum(terms, axis=-1)


def gaussian_kl(
    mean: tf.Tensor, log_var: tf.Tensor, location: tf.Tensor, scale: tf.Tensor
) -> tf.Tensor:
    """KL(N(mean, exp(log_var)) || N(location, scale^2)) per dimension, nats, float64.

    Args:
        mean: `[..., latent]`.
        log_var: `[..., latent]`.
        location: float64 `[latent]`.
        scale: float64 `[latent]`.
    """
    mean, log_var = tf.cast(mean, tf.float64), tf.cast(log_var, tf.float64)
    log_ratio = log_var - 2 * tf.math.log(scale)
    distance = (mean - location) / scale
    return 0.5 * (tf.square(distance) + tf.exp(log_ratio) - log_ratio - 1)
