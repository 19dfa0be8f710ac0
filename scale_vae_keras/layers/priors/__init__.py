"""Priors of the latent code, one file each; importing the package registers them with Keras."""

from scale_vae_keras.layers.priors.diagonal import DiagonalPrior
from scale_vae_keras.layers.priors.full import FullPrior
from scale_vae_keras.layers.priors.learned_mixture import LearnedMixturePrior
from scale_vae_keras.layers.priors.mixture import MixturePrior
from scale_vae_keras.layers.priors.prior import Prior
from scale_vae_keras.layers.priors.resolve import ALIASES, PRIORS, get_prior, prior_kind
from scale_vae_keras.layers.priors.scaled import ScaledPrior
from scale_vae_keras.layers.priors.standard import StandardPrior
from scale_vae_keras.layers.priors.vamp import VampPrior

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
