from scale_vae_keras.callbacks.aggressive_training import AggressiveTraining as AggressiveTraining
from scale_vae_keras.callbacks.best_model import BestModel as BestModel
from scale_vae_keras.callbacks.decay_on_plateau import DecayOnPlateau as DecayOnPlateau
from scale_vae_keras.callbacks.fit_prior import FitPrior as FitPrior
from scale_vae_keras.callbacks.halving_schedule import HalvingSchedule as HalvingSchedule
from scale_vae_keras.callbacks.hyperparameters_log import HyperparametersLog as HyperparametersLog
from scale_vae_keras.callbacks.latent_monitor import LatentMonitor as LatentMonitor
from scale_vae_keras.callbacks.latent_projector import LatentProjector as LatentProjector
from scale_vae_keras.callbacks.posterior_histograms import (
    PosteriorHistograms as PosteriorHistograms,
)
from scale_vae_keras.callbacks.scalar_log import ScalarLog as ScalarLog
from scale_vae_keras.callbacks.step_profile import StepProfile as StepProfile
from scale_vae_keras.callbacks.text_samples_log import TextSamplesLog as TextSamplesLog
from scale_vae_keras.schedules.autoencoder_pretraining import (
    AutoencoderPretraining as AutoencoderPretraining,
)
from scale_vae_keras.schedules.bound_annealing import BoundAnnealing as BoundAnnealing
from scale_vae_keras.schedules.cyclical_kl_annealing import (
    CyclicalKLAnnealing as CyclicalKLAnnealing,
)
from scale_vae_keras.schedules.epoch_average_scale import EpochAverageScale as EpochAverageScale
from scale_vae_keras.schedules.linear_kl_annealing import LinearKLAnnealing as LinearKLAnnealing
from scale_vae_keras.schedules.order import Stage as Stage
from scale_vae_keras.schedules.order import in_order as in_order
from scale_vae_keras.schedules.skipped_steps import SkippedSteps as SkippedSteps
