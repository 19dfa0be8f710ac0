"""The callbacks of a system in their order, for runs and for `fit` in user code."""

import os
from dataclasses import replace

import keras
import tensorflow as tf

from scale_vae_keras.callbacks import (
    BestModel,
    DecayOnPlateau,
    FitPrior,
    HalvingSchedule,
    LatentMonitor,
    SkippedSteps,
    in_order,
)
from scale_vae_keras.callbacks.latent_monitor import WATCHED_SENTENCES
from scale_vae_keras.data.batches import evaluation_batches
from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.errors import InputError
from scale_vae_keras.models.text_vae import TextVAE
from scale_vae_keras.priors import PRIORS
from scale_vae_keras.runs.config import RunConfig, configure


def standard_callbacks(
    method: str | RunConfig,
    validation_data: tf.data.Dataset,
    best_model: str | os.PathLike,
    train: EncodedSplit | None = None,
    valid: EncodedSplit | None = None,
    max_skipped_share: float = 0.1,
    **settings,
) -> list[keras.callbacks.Callback]:
    """The callbacks that a run of a system passes to `fit`, without its logs and checkpoints.

    The guard against steps that are not finite, the schedules of the system, `FitPrior` where the
    prior is one that is fitted, `LatentMonitor`, `BestModel` and the decay of the learning rate.

    Args:
        method: name of the system, such as "scale", or the settings of a run.
        validation_data: batches of int32 ids `[batch, time]`, which `fit` gets as well.
        best_model: the `.keras` file of the best model.
        train: the training sentences, which a fitted prior and "agg" need.
        valid: the validation sentences; "agg" needs them, and `LatentMonitor` takes 4,000 of them
            in place of all of `validation_data`.
        max_skipped_share: training stops when more than this share of an epoch's steps had a loss
            or gradient that is not finite.
        **settings: of a run of the preset "small", where `method` is a name: epochs, f_epo,
            kl_epochs, ... Two are those of your model: `learning_rate`, that of its optimizer,
            which halving starts from, and `prior`, if it has one that is fitted.

    Raises:
        InputError: the system or a setting is unknown, or out of range; the learning rate is
            halved and was not given.

    Example:
        >>> callbacks = sv.standard_callbacks(
        ...     "scale", valid, "best.keras", epochs=8, f_epo=4, learning_rate=0.001
        ... )
        >>> model.fit(train, validation_data=valid, epochs=8, callbacks=callbacks)
    """
    config = _by_name(method, settings) if isinstance(method, str) else method
    latent = issubclass(config.system.model, TextVAE)
    best = BestModel(best_model, best_figure(config))
    callbacks = [
        SkippedSteps(max_skipped_share),
        *config.system.callbacks(config, train, valid),
        best,
        _decay(config, best),
    ]
    if latent:
        watched = validation_data
        if valid is not None and valid.sentences > WATCHED_SENTENCES:
            watched, _ = evaluation_batches(valid.spread(WATCHED_SENTENCES), config.batch_size)
        callbacks.append(LatentMonitor(watched, config.seed))
        if config.prior is not None and PRIORS[config.prior].needs_fit:
            if train is None:
                raise InputError(f'the prior "{config.prior}" is fitted: give train=')
            callbacks.append(FitPrior(train, seed=config.seed))
    return in_order(callbacks)


def _by_name(method, settings):
    """The settings of the preset but for those that the user's model has decided already."""
    config = configure("", method, "small", **settings)
    if config.decay == "halving" and settings.get("learning_rate") is None:
        raise InputError(
            "the callbacks set the learning rate of every epoch: give learning_rate=, that of the "
            'optimizer, or decay="plateau", which starts from what the optimizer has'
        )
    if issubclass(config.system.model, TextVAE) and settings.get("prior") is None:
        config = replace(config, prior=None)
    return config


def best_figure(config: RunConfig) -> str:
    """The figure in the logs that chooses the best epoch, the smallest: its name."""
    by_elbo = issubclass(config.system.model, TextVAE) and config.select_by == "elbo"
    return "val_elbo_nll" if by_elbo else "val_loss"


def _decay(config, best):
    start = config.first_epochs + config.decay_start
    if config.decay == "halving":
        return HalvingSchedule(config.learning_rate, start)
    return DecayOnPlateau(best, 0.5, config.decay_patience, start)
