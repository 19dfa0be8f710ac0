"""Callbacks that belong to a system: they change the objective during training."""

from scale_vae_keras.schedules.autoencoder_pretraining import AutoencoderPretraining
from scale_vae_keras.schedules.bound_annealing import BoundAnnealing
from scale_vae_keras.schedules.cyclical_kl_annealing import CyclicalKLAnnealing
from scale_vae_keras.schedules.epoch_average_scale import EpochAverageScale
from scale_vae_keras.schedules.linear_kl_annealing import LinearKLAnnealing
from scale_vae_keras.schedules.weight_schedule import WeightSchedule

__all__ = [
    "AutoencoderPretraining",
    "BoundAnnealing",
    "CyclicalKLAnnealing",
    "EpochAverageScale",
    "LinearKLAnnealing",
    "WeightSchedule",
]
