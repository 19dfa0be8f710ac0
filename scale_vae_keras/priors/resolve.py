"""Priors by name."""

import keras

from scale_vae_keras.errors import InputError
from scale_vae_keras.priors.diagonal import DiagonalPrior
from scale_vae_keras.priors.full import FullPrior
from scale_vae_keras.priors.learned_mixture import LearnedMixturePrior
from scale_vae_keras.priors.mixture import MixturePrior
from scale_vae_keras.priors.prior import Prior
from scale_vae_keras.priors.scaled import ScaledPrior
from scale_vae_keras.priors.standard import StandardPrior
from scale_vae_keras.priors.vamp import VampPrior

PRIORS: dict[str, type[Prior]] = {
    prior.kind: prior
    for prior in (
        ScaledPrior,
        StandardPrior,
        DiagonalPrior,
        FullPrior,
        MixturePrior,
        LearnedMixturePrior,
        VampPrior,
    )
}
"""Every prior by its name."""

MIXTURES = ("mixture", "learned-mixture", "vamp")
"""Names of the priors with a number of components."""

ALIASES = {"fitted": "diagonal", "fitted-full": "full", "fitted-mixture": "mixture"}
"""Names of generators in earlier versions, and the priors that they are."""


def prior_kind(name: str) -> str:
    """The name of a prior, from that name or an earlier one of it.

    Raises:
        InputError: there is no such prior.
    """
    kind = ALIASES.get(name, name)
    if kind not in PRIORS:
        raise InputError(f"unknown prior {name!r}: choose {', '.join((*PRIORS, *ALIASES))}")
    return kind


def get_prior(prior: str | Prior | dict, components: int | None = None) -> Prior:
    """A prior from its name, from itself, or from what Keras has serialised.

    Args:
        prior: the name, the prior, or its serialised form.
        components: number of components of one of `MIXTURES`, given by name; its own default if
            None.

    Raises:
        InputError: there is no such prior, or the prior has no components.

    Example:
        >>> from scale_vae_keras.priors import get_prior
        >>> get_prior("learned-mixture", components=4).components
        4
    """
    if components is not None:
        kind = prior_kind(prior) if isinstance(prior, str) else None
        if kind not in MIXTURES:
            raise InputError(
                f"only the priors {', '.join(MIXTURES)} have components: choose one of them, or "
                "leave prior_components out"
            )
        return PRIORS[kind](components)
    if isinstance(prior, dict):
        prior = keras.saving.deserialize_keras_object(prior)
    if isinstance(prior, str):
        return PRIORS[prior_kind(prior)]()
    if not isinstance(prior, Prior):
        raise InputError(f"prior must be a name or a Prior, got {prior!r}")
    return prior
