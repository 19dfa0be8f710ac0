"""The systems that a run can train: one row each."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass

import keras

from scale_vae_keras import models
from scale_vae_keras.callbacks.aggressive_training import AggressiveTraining
from scale_vae_keras.schedules.autoencoder_pretraining import AutoencoderPretraining
from scale_vae_keras.schedules.bound_annealing import BoundAnnealing
from scale_vae_keras.schedules.cyclical_kl_annealing import CyclicalKLAnnealing
from scale_vae_keras.schedules.epoch_average_scale import EpochAverageScale
from scale_vae_keras.schedules.linear_kl_annealing import LinearKLAnnealing
from scale_vae_keras.data.batches import evaluation_batches
from scale_vae_keras.errors import InputError
from scale_vae_keras.runs.config import RunConfig
from scale_vae_keras.runs.method_presets import (
    DECODER_SETTINGS,
    ENCODER_SETTINGS,
    METHOD_PRESETS,
)
from scale_vae_keras.models.sentence_model import SentenceModel

_SETTINGS = (
    *("embedding_dim", "units", "dropout", "decoder_initializer_range", "seed"),
    *DECODER_SETTINGS,
)
_LATENT_SETTINGS = ("latent_dim", *ENCODER_SETTINGS)
_CALLBACK_SETTINGS = (
    *("f_epo", "bound_start", "bound_epochs"),
    *("kl_cycles", "kl_ramp", "kl_cycle_epochs", "pretrain_epochs"),
)


@dataclass(frozen=True)
class Method:
    """One system.

    Attributes:
        model: its class.
        callbacks: the callbacks that belong to it, its KL annealing among them, from the settings
            of a run and its training and validation sentences.
    """

    model: type[SentenceModel]
    callbacks: Callable[..., list[keras.callbacks.Callback]]


def _linear(config, *_):
    return [LinearKLAnnealing(config.kl_start, config.kl_epochs)]


def _cyclical(config, *_):
    if config.kl_cycle_epochs:
        return [
            CyclicalKLAnnealing(
                config.kl_cycle_epochs, config.kl_epochs, config.kl_start, first_epochs=1
            )
        ]
    cycle = config.epochs / config.kl_cycles
    return [CyclicalKLAnnealing(cycle, config.kl_ramp * cycle, config.kl_start)]


def _aggressive(config, train, valid):
    data, validation = (evaluation_batches(split, config.batch_size)[0] for split in (train, valid))
    return [AggressiveTraining(data, validation, config.seed), *_linear(config)]


def _scale(config, *_):
    callbacks = [EpochAverageScale(config.f_epo), *_linear(config)]
    if config.bound == "annealed":
        callbacks.append(BoundAnnealing(config.bound_start, config.bound_epochs))
    return callbacks


def _pretrained(config, *_):
    annealing = CyclicalKLAnnealing(
        math.inf, config.kl_epochs, config.kl_start, first_epochs=config.pretrain_epochs
    )
    return [AutoencoderPretraining(config.pretrain_epochs), annealing]


METHODS = {
    "lstm-lm": Method(models.LanguageModel, lambda *_: []),
    "vae": Method(models.TextVAE, _linear),
    "cyclical": Method(models.TextVAE, _cyclical),
    "beta": Method(models.BetaVAE, _linear),
    "free-bits": Method(models.FreeBitsVAE, _linear),
    "delta": Method(models.DeltaVAE, _linear),
    "sa": Method(models.SemiAmortizedVAE, _linear),
    "skip": Method(models.SkipVAE, _linear),
    "agg": Method(models.AggressiveVAE, _aggressive),
    "mae": Method(models.MutualPosteriorVAE, _linear),
    "bn": Method(models.BatchNormVAE, _linear),
    "du": Method(models.DUVAE, _linear),
    "scale": Method(models.ScaleVAE, _scale),
    "info": Method(models.InfoVAE, _linear),
    "li2019": Method(models.PretrainedVAE, _pretrained),
}


def get_method(name: str) -> Method:
    """The system of that name.

    Raises:
        InputError: there is none.
    """
    if name not in METHODS:
        raise InputError(f"unknown method {name!r}: choose {', '.join(METHODS)}")
    return METHODS[name]


def build_model(config: RunConfig, vocabulary_size: int) -> SentenceModel:
    """A new, built and compiled model of the run's system.

    Raises:
        InputError: the method is unknown, or a setting is out of range.
    """
    method = get_method(config.method)
    own = set(METHOD_PRESETS[config.method].settings) - set(_CALLBACK_SETTINGS)
    taken = {*_SETTINGS, *own}
    if issubclass(method.model, models.TextVAE):
        taken |= set(_LATENT_SETTINGS)
    keras.utils.set_random_seed(config.seed)
    model = method.model(
        vocabulary_size,
        **{
            name: value
            for name, value in asdict(config).items()
            if name in taken and value is not None
        },
        dtype=config.precision,
    )
    model.build((None, None))
    model.compile(
        optimizer=keras.optimizers.SGD(config.learning_rate, global_clipnorm=config.clip_norm)
    )
    return model
