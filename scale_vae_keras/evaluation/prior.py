"""The prior that a likelihood is declared for: the density of what the decoder is fed."""

import numpy as np
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.encode import Encoded
from scale_vae_keras.layers.posterior import Posterior
from scale_vae_keras.priors import (
    ALIASES,
    PRIORS,
    Prior,
    StandardPrior,
    get_prior,
    prior_kind,
)

FITTED = tuple(name for name in (*ALIASES, *PRIORS) if PRIORS[prior_kind(name)].needs_fit)
"""Names of the priors that are fitted to training posteriors."""


def generator_factor(model) -> np.ndarray:
    """What the model's generator multiplies a sample of N(0, I) by, float64 `[latent]`.

    f-bar for Scale-VAE; 1 for models that feed the decoder the sample itself; nothing for a
    language model, which has no latent code.
    """
    latent_dim = model.latent_dim
    if not latent_dim:
        return np.ones(0)
    return np.float64(model.decoder_input(tf.ones([1, latent_dim]))[0])


def check_declared(prior: str | Prior | None, own: str) -> None:
    """Refuses, before anything is trained or encoded, what `declared_prior` would refuse after it.

    Args:
        prior: as for `declared_prior`; an object is taken for one that is ready.
        own: the name of the model's own prior.

    Raises:
        InputError: the prior is unknown, trained with another model, or fitted by a library that is
            not installed.
    """
    if isinstance(prior, str) and prior != own:
        found = get_prior(prior)
        if found.kind != own:
            _refuse_learned(found, own)
            found.check_installed()


def _refuse_learned(prior, own):
    if prior.learned:
        raise InputError(
            f'the prior "{prior.kind}" is trained with the model, and this model was trained with '
            f'"{own}"'
        )


def declared_prior(
    model, prior: str | Prior | None = None, fitted_on: Encoded | None = None
) -> Prior:
    """The prior that a model is measured under, ready for use.

    "scaled": z ~ N(0, I) and the decoder is fed f-bar * z, which is N(0, diag f-bar^2) in its
    space: the generator of the Scale-VAE paper. "standard": the decoder is fed z ~ N(0, I).

    "diagonal", "full" and "mixture" are fitted to the aggregated posterior of the training
    sentences, (1/N) sum_j q(z|x_j), after training: valid generators, since nothing of the
    sentences that are measured is in them. The mean rate is the mutual information plus the KL of
    the aggregated posterior to the prior (Hoffman and Johnson, 2016); a better fit lowers the
    second part. "learned-mixture" and "vamp" are trained with the model.

    A language model has no latent code, and all priors are the same one.

    Args:
        model: the model.
        prior: the name of a prior, or a prior, which is used as it is if it has been fitted; None,
            or the name of the model's own, for the model's own.
        fitted_on: posteriors of training sentences, for a prior that has to be fitted.

    Raises:
        InputError: the prior is unknown, or trained with another model; one that is fitted has no
            posteriors or posteriors that are not finite; or "mixture" is asked for without
            scikit-learn.
    """
    own = getattr(model, "prior", None)
    if isinstance(prior, str) and prior != getattr(own, "kind", None):
        prior = prior_kind(prior)
    if not model.latent_dim:
        return _built(StandardPrior(), model)
    if prior is None or prior is own or (isinstance(prior, str) and prior == own.kind):
        own.check_fitted()
        return own
    found = get_prior(prior)
    _refuse_learned(found, model.prior.kind)
    found.attach(model)
    _built(found, model)
    if found.needs_fit and not found.is_fitted:
        if fitted_on is None:
            raise InputError(f'the prior "{found.kind}" needs training sentences: pass fitted_on')
        found.fit(Posterior(fitted_on.mean, fitted_on.log_var))
    return found


def _built(prior, model):
    prior.build_for(model.latent_dim)
    return prior
