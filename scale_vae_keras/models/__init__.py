"""One file per system; importing the package registers all of them with Keras."""

from scale_vae_keras.models import (
    aggressive_vae,
    batch_norm_vae,
    beta_vae,
    cyclical,
    delta_vae,
    du_vae,
    free_bits_vae,
    info_vae,
    language_model,
    mutual_posterior_vae,
    pretrained_vae,
    scale_vae,
    semi_amortized_vae,
    skip_vae,
    text_vae,
)
from scale_vae_keras.models.aggressive_vae import AggressiveVAE
from scale_vae_keras.models.batch_norm_vae import BatchNormVAE
from scale_vae_keras.models.beta_vae import BetaVAE
from scale_vae_keras.models.delta_vae import DeltaVAE
from scale_vae_keras.models.du_vae import DUVAE
from scale_vae_keras.models.free_bits_vae import FreeBitsVAE
from scale_vae_keras.models.info_vae import InfoVAE
from scale_vae_keras.models.language_model import LanguageModel
from scale_vae_keras.models.mutual_posterior_vae import MutualPosteriorVAE
from scale_vae_keras.models.pretrained_vae import PretrainedVAE
from scale_vae_keras.models.scale_vae import ScaleVAE
from scale_vae_keras.models.semi_amortized_vae import SemiAmortizedVAE
from scale_vae_keras.models.skip_vae import SkipVAE
from scale_vae_keras.models.text_vae import TextVAE

__all__ = [
    "DUVAE",
    "EARLIER_NAMES",
    "SYSTEMS",
    "AggressiveVAE",
    "BatchNormVAE",
    "BetaVAE",
    "DeltaVAE",
    "FreeBitsVAE",
    "InfoVAE",
    "LanguageModel",
    "MutualPosteriorVAE",
    "PretrainedVAE",
    "ScaleVAE",
    "SemiAmortizedVAE",
    "SkipVAE",
    "TextVAE",
]

_SYSTEMS = (
    language_model,
    text_vae,
    cyclical,
    beta_vae,
    free_bits_vae,
    delta_vae,
    semi_amortized_vae,
    skip_vae,
    aggressive_vae,
    mutual_posterior_vae,
    batch_norm_vae,
    du_vae,
    scale_vae,
    info_vae,
    pretrained_vae,
)
SYSTEMS = {module.SYSTEM.name: module.SYSTEM for module in _SYSTEMS}
"""The systems that a run can train, by name."""

EARLIER_NAMES = {"lstm-lm": "lm"}
"""Names of systems that older runs have, and that are understood still."""
