"""What `fit` takes, one class per file: schedules, monitors, logs. Runs have more of their own."""

from scale_vae_keras.callbacks.aggressive_training import AggressiveTraining
from scale_vae_keras.callbacks.best_model import BestModel
from scale_vae_keras.callbacks.decay_on_plateau import DecayOnPlateau
from scale_vae_keras.callbacks.fit_prior import FitPrior
from scale_vae_keras.callbacks.halving_schedule import HalvingSchedule
from scale_vae_keras.callbacks.hyperparameters_log import HyperparametersLog
from scale_vae_keras.callbacks.latent_monitor import LatentMonitor
from scale_vae_keras.callbacks.latent_projector import LatentProjector
from scale_vae_keras.callbacks.posterior_histograms import PosteriorHistograms
from scale_vae_keras.callbacks.scalar_log import ScalarLog
from scale_vae_keras.callbacks.step_profile import StepProfile
from scale_vae_keras.callbacks.text_samples_log import TextSamplesLog
from scale_vae_keras.schedules.autoencoder_pretraining import AutoencoderPretraining
from scale_vae_keras.schedules.bound_annealing import BoundAnnealing
from scale_vae_keras.schedules.cyclical_kl_annealing import CyclicalKLAnnealing
from scale_vae_keras.schedules.epoch_average_scale import EpochAverageScale
from scale_vae_keras.schedules.linear_kl_annealing import LinearKLAnnealing
from scale_vae_keras.schedules.order import Stage, in_order
from scale_vae_keras.schedules.skipped_steps import SkippedSteps

__all__ = [
    "AggressiveTraining",
    "AutoencoderPretraining",
    "BestModel",
    "BoundAnnealing",
    "CyclicalKLAnnealing",
    "DecayOnPlateau",
    "EpochAverageScale",
    "FitPrior",
    "HalvingSchedule",
    "HyperparametersLog",
    "LatentMonitor",
    "LatentProjector",
    "LinearKLAnnealing",
    "PosteriorHistograms",
    "ScalarLog",
    "SkippedSteps",
    "Stage",
    "StepProfile",
    "TextSamplesLog",
    "in_order",
]
