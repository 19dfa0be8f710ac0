"""One class a file; each does one thing during `fit`."""

from scale_vae_keras.callbacks.aggressive_training import AggressiveTraining
from scale_vae_keras.callbacks.autoencoder_pretraining import AutoencoderPretraining
from scale_vae_keras.callbacks.best_model import BestModel
from scale_vae_keras.callbacks.bound_annealing import BoundAnnealing
from scale_vae_keras.callbacks.cyclical_kl_annealing import CyclicalKLAnnealing
from scale_vae_keras.callbacks.decay_on_plateau import DecayOnPlateau
from scale_vae_keras.callbacks.epoch_average_scale import EpochAverageScale
from scale_vae_keras.callbacks.fit_prior import FitPrior
from scale_vae_keras.callbacks.halving_schedule import HalvingSchedule
from scale_vae_keras.callbacks.hyperparameters_log import HyperparametersLog
from scale_vae_keras.callbacks.latent_monitor import LatentMonitor
from scale_vae_keras.callbacks.latent_projector import LatentProjector
from scale_vae_keras.callbacks.linear_kl_annealing import LinearKLAnnealing
from scale_vae_keras.callbacks.posterior_histograms import PosteriorHistograms
from scale_vae_keras.callbacks.scalar_log import ScalarLog
from scale_vae_keras.callbacks.skipped_steps import SkippedSteps
from scale_vae_keras.callbacks.step_profile import StepProfile
from scale_vae_keras.callbacks.text_samples_log import TextSamplesLog
from scale_vae_keras.event_log import EventLog
from scale_vae_keras.runs.history_table import HistoryTable
from scale_vae_keras.runs.resumed_epoch import ResumedEpoch
from scale_vae_keras.runs.run_checkpoint import RunCheckpoint

__all__ = [
    "AggressiveTraining",
    "AutoencoderPretraining",
    "BestModel",
    "BoundAnnealing",
    "CyclicalKLAnnealing",
    "DecayOnPlateau",
    "EpochAverageScale",
    "EventLog",
    "FitPrior",
    "HalvingSchedule",
    "HistoryTable",
    "HyperparametersLog",
    "LatentMonitor",
    "LatentProjector",
    "LinearKLAnnealing",
    "PosteriorHistograms",
    "ResumedEpoch",
    "RunCheckpoint",
    "ScalarLog",
    "SkippedSteps",
    "StepProfile",
    "TextSamplesLog",
]
