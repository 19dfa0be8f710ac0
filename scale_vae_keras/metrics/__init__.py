"""One record of every figure: its name, unit, meaning, bound and digits; no TensorFlow here."""

from scale_vae_keras.metrics.metric import Metric
from scale_vae_keras.metrics.record import (
    COMPARISON,
    CONTROL,
    COST,
    DIMENSION,
    EVALUATION,
    GENERATION,
    LABELS,
    LATENT_SPACE,
    OF_RUN,
    PROBE,
    STRUCTURE,
    TRAINING,
)

__all__ = [
    "COMPARISON",
    "CONTROL",
    "COST",
    "DIMENSION",
    "EVALUATION",
    "GENERATION",
    "LABELS",
    "LATENT_SPACE",
    "OF_RUN",
    "PROBE",
    "STRUCTURE",
    "TRAINING",
    "Metric",
]
