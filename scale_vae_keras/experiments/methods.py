"""The systems that a run can train: one row each."""

from collections.abc import Callable
from dataclasses import dataclass

import keras

from scale_vae_keras.callbacks.epoch_average_scale import EpochAverageScale
from scale_vae_keras.errors import InputError
from scale_vae_keras.experiments.config import RunConfig
from scale_vae_keras.models.scale_vae import ScaleVAE
from scale_vae_keras.models.text_vae import TextVAE


@dataclass(frozen=True)
class Method:
    """One system.

    Attributes:
        summary: what it is, in one line.
        settings: names of the settings that it takes beside those of every model.
        model: its class.
        callbacks: the callbacks that belong to it, from the settings of a run.
    """

    summary: str
    settings: tuple[str, ...]
    model: type[TextVAE]
    callbacks: Callable[[RunConfig], list[keras.callbacks.Callback]]


METHODS = {
    "vae": Method("plain VAE with linear KL annealing", (), TextVAE, lambda config: []),
    "scale": Method(
        "Scale-VAE: the decoder sees scaled-up posterior means",
        ("des_std", "ddof", "average", "through_batch_factor"),
        ScaleVAE,
        lambda config: [EpochAverageScale(config.f_epo)],
    ),
}


def get_method(name: str) -> Method:
    """The system of that name.

    Raises:
        InputError: there is none.
    """
    if name not in METHODS:
        raise InputError(f"unknown method {name!r}: choose {', '.join(METHODS)}")
    return METHODS[name]


def build_model(config: RunConfig, vocabulary_size: int) -> TextVAE:
    """A new, built and compiled model of the run's system.

    Raises:
        InputError: the method is unknown, or a setting is out of range.
    """
    method = get_method(config.method)
    keras.utils.set_random_seed(config.seed)
    model = method.model(
        vocabulary_size,
        latent_dim=config.latent_dim,
        embedding_dim=config.embedding_dim,
        units=config.units,
        dropout=config.dropout,
        decoder_initializer_range=config.decoder_initializer_range,
        seed=config.seed,
        **{name: getattr(config, name) for name in method.settings},
    )
    model.build((None, None))
    model.compile(
        optimizer=keras.optimizers.SGD(config.learning_rate, global_clipnorm=config.clip_norm)
    )
    return model
