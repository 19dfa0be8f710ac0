"""A system: a model, its settings, and what it adds to `fit`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras

from scale_vae_keras.models.settings import LatentSettings, ModelSettings
from scale_vae_keras.schedules.linear_kl_annealing import LinearKLAnnealing
from scale_vae_keras.settings import settings_of

Callbacks = Callable[..., list[keras.callbacks.Callback]]


def linear_annealing(config: Any, *_: Any) -> list[keras.callbacks.Callback]:
    """The callbacks of most systems: the KL weight rises linearly."""
    return [LinearKLAnnealing(config.kl_start, config.kl_epochs)]


@dataclass(frozen=True)
class System:
    """A system that a run can train.

    Attributes:
        name: on the command line, as in `--method scale`.
        model: its class.
        settings: the settings of its runs, with the values of its paper.
        summary: what it is, in one line.
        paper: where it was published.
        callbacks: what it adds to `fit`, from the settings of a run and its training and
            validation sentences.
        fixed: settings that its definition fixes, whatever a preset says.
    """

    name: str
    model: type[keras.Model]
    settings: type[ModelSettings]
    summary: str
    paper: str
    callbacks: Callbacks = linear_annealing
    fixed: Mapping[str, object] = field(default_factory=dict)

    @property
    def own_settings(self) -> list[str]:
        """Names of the settings that it has besides those of every model with a latent code."""
        common = {each.name for each in settings_of(LatentSettings)}
        return [each.name for each in settings_of(self.settings) if each.name not in common]
