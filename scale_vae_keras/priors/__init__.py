"""Priors of the latent code, one file each; importing the package registers them with Keras."""

from scale_vae_keras.priors.diagonal import DiagonalPrior
from scale_vae_keras.priors.full import FullPrior
from scale_vae_keras.priors.learned_mixture import LearnedMixturePrior
from scale_vae_keras.priors.mixture import MixturePrior
from scale_vae_keras.priors.prior import Prior
from scale_vae_keras.priors.resolve import ALIASES, PRIORS, get_prior, prior_kind
from scale_vae_keras.priors.scaled import ScaledPrior
from scale_vae_keras.priors.standard import StandardPrior
from scale_vae_keras.priors.vamp import VampPrior

__all__ = [
    "ALIASES",
    "PRIORS",
    "DiagonalPrior",
    "FullPrior",
    "LearnedMixturePrior",
    "MixturePrior",
    "Prior",
    "ScaledPrior",
    "StandardPrior",
    "VampPrior",
    "get_prior",
    "prior_kind",
]
