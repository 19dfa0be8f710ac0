"""Evaluation: density, information, representation and generation, each figure defined."""

from scale_vae_keras.evaluation.density import Density, evaluate_density
from scale_vae_keras.evaluation.encode import Encoded, encode_dataset, encode_sentences
from scale_vae_keras.evaluation.evaluate import dimension_table, evaluate_model
from scale_vae_keras.evaluation.information import (
    Information,
    active_units,
    aggregate_divergence,
    batch_mutual_information,
    estimate_information,
    mutual_information,
    mutual_posterior_divergence,
    mutual_posterior_divergence_bound,
)
from scale_vae_keras.evaluation.prior import FITTED, declared_prior
from scale_vae_keras.evaluation.report import metrics_table, notes
from scale_vae_keras.evaluation.silhouette import silhouette
from scale_vae_keras.evaluation.structure import (
    Dci,
    dci,
    mutual_information_gap,
    structure,
    z_diff,
)
from scale_vae_keras.evaluation.text_classifier import TextClassifier
from scale_vae_keras.evaluation.verdict import training_verdict, unigram_nll

__all__ = [
    "FITTED",
    "Dci",
    "Density",
    "Encoded",
    "Information",
    "TextClassifier",
    "active_units",
    "aggregate_divergence",
    "batch_mutual_information",
    "dci",
    "declared_prior",
    "dimension_table",
    "encode_dataset",
    "encode_sentences",
    "estimate_information",
    "evaluate_density",
    "evaluate_model",
    "metrics_table",
    "mutual_information",
    "mutual_information_gap",
    "mutual_posterior_divergence",
    "mutual_posterior_divergence_bound",
    "notes",
    "silhouette",
    "structure",
    "training_verdict",
    "unigram_nll",
    "z_diff",
]
