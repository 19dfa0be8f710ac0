"""The public names, for editors and type checkers, and for `lazy.py`, which imports them."""

from scale_vae_keras import cache as cache
from scale_vae_keras import callbacks as callbacks
from scale_vae_keras import conditions as conditions
from scale_vae_keras import control as control
from scale_vae_keras import data as data
from scale_vae_keras import evaluation as evaluation
from scale_vae_keras import layers as layers
from scale_vae_keras import models as models
from scale_vae_keras import priors as priors
from scale_vae_keras import samplers as samplers
from scale_vae_keras import schedules as schedules
from scale_vae_keras import serving as serving
from scale_vae_keras import testing as testing
from scale_vae_keras import text as text
from scale_vae_keras import tuning as tuning
from scale_vae_keras.errors import InputError as InputError
from scale_vae_keras.model_file import load_model as load_model
from scale_vae_keras.models import DUVAE as DUVAE
from scale_vae_keras.models import AggressiveVAE as AggressiveVAE
from scale_vae_keras.models import BatchNormVAE as BatchNormVAE
from scale_vae_keras.models import BetaVAE as BetaVAE
from scale_vae_keras.models import DeltaVAE as DeltaVAE
from scale_vae_keras.models import FreeBitsVAE as FreeBitsVAE
from scale_vae_keras.models import InfoVAE as InfoVAE
from scale_vae_keras.models import LanguageModel as LanguageModel
from scale_vae_keras.models import MutualPosteriorVAE as MutualPosteriorVAE
from scale_vae_keras.models import PretrainedVAE as PretrainedVAE
from scale_vae_keras.models import ScaleVAE as ScaleVAE
from scale_vae_keras.models import SemiAmortizedVAE as SemiAmortizedVAE
from scale_vae_keras.models import SkipVAE as SkipVAE
from scale_vae_keras.models import TextVAE as TextVAE
from scale_vae_keras.runs.load import load as load
from scale_vae_keras.runs.standard_callbacks import standard_callbacks as standard_callbacks
from scale_vae_keras.text.tokenizer import Tokenizer as Tokenizer
from scale_vae_keras.text.vocabulary import Vocabulary as Vocabulary
from scale_vae_keras.text_model import TextModel as TextModel

__version__: str

def check_backend(backend: str | None = None) -> None: ...
