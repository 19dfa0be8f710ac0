"""Labels as a condition of the decoder, and training with few of them."""

from scale_vae_keras.conditions.conditional import Conditional
from scale_vae_keras.conditions.label_embedding import LABEL_WIDTH, LabelEmbedding
from scale_vae_keras.conditions.label_numbers import (
    UNLABELLED,
    label_names,
    label_numbers,
    numbered,
)

__all__ = [
    "LABEL_WIDTH",
    "UNLABELLED",
    "Conditional",
    "LabelEmbedding",
    "label_names",
    "label_numbers",
    "numbered",
]
