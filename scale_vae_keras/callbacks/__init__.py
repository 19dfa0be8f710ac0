"""One class a file; each does one thing during `fit`."""

from scale_vae_keras.callbacks.aggressive_training import AggressiveTraining
from scale_vae_keras.callbacks.autoencoder_pretraining import AutoencoderPretraining
from scale_vae_keras.callbacks.best_model import BestModel
from scale_vae_keras.callbacks.cyclical_kl_annealing import CyclicalKLAnnealing
from scale_vae_keras.callbacks.decay_on_plateau import DecayOnPlateau
from scale_vae_keras.callbacks.epoch_average_scale import EpochAverageScale
from scale_vae_keras.callbacks.halving_schedule import HalvingSchedule
from scale_vae_keras.callbacks.history_table import HistoryTable
from scale_vae_keras.callbacks.latent_monitor import LatentMonitor
from scale_vae_keras.callbacks.linear_kl_annealing import LinearKLAnnealing
from scale_vae_keras.callbacks.run_checkpoint import RunCheckpoint

__all__ = [
    "AggressiveTraining",
    "AutoencoderPretraining",
    "BestModel",
    "CyclicalKLAnnealing",
    "DecayOnPlateau",
    "EpochAverageScale",
    "HalvingSchedule",
    "HistoryTable",
    "LatentMonitor",
    "LinearKLAnnealing",
    "RunCheckpoint",
]
