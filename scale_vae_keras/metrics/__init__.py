"""One record of every figure: its name, unit, meaning, bound and digits; no TensorFlow here."""

from scale_vae_keras.metrics.metric import Metric
from scale_vae_keras.metrics.record import (
    COST,
    DIMENSION,
    EVALUATION,
    GENERATION,
    LABELS,
    LATENT_SPACE,
    PROBE,
    TRAINING,
)

__all__ = [
    "COST",
    "DIMENSION",
    "EVALUATION",
    "GENERATION",
    "LABELS",
    "LATENT_SPACE",
    "PROBE",
    "TRAINING",
    "Metric",
]
