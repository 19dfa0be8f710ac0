"""One file a system; importing the package registers all of them with Keras."""

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
