from scale_vae_keras.tuning.scale_vae_hypermodel import ScaleVAEHyperModel as ScaleVAEHyperModel
from scale_vae_keras.tuning.search_space import SEARCH_SPACE as SEARCH_SPACE
from scale_vae_keras.tuning.search_space import Range as Range
