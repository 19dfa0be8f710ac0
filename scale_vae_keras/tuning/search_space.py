"""Which settings a search tries."""

from collections.abc import Mapping
from dataclasses import asdict, replace

import numpy as np

from scale_vae_keras.errors import InputError, did_you_mean
from scale_vae_keras.runs.config import (
    OPTIMIZERS,
    RunConfig,
    config_class,
    configure,
    every_setting,
    usual_optimizer,
)
from scale_vae_keras.runs.presets import PRESETS
from scale_vae_keras.settings import Range, settings_of

_OF_THE_SEARCH = {"epochs", "train_limit", "seed", "dilations"}


_SEARCHED = (
    *("des_std", "f_epo", "average", "learning_rate"),
    *("dropout", "embedding_dim", "units", "latent_dim"),
)
SEARCH_SPACE = {name: every_setting()[name].search for name in _SEARCHED}
"""What is searched if nothing is said: a `Range`, or the values to choose from."""

_RATES_OF_ADAM = Range(0.0001, 0.003, log=True)


def _rates(settings):
    """The learning rates to search: those of SGD and of Adam have nothing in common."""
    optimizers = _values(settings, "optimizer")
    if None in optimizers:
        optimizers = {
            usual_optimizer("scale", encoder, decoder)
            for encoder in _values(settings, "encoder")
            for decoder in _values(settings, "decoder")
        }
    if optimizers >= set(OPTIMIZERS):
        raise InputError(
            "sgd and adam, which is usual for transformers, need learning rates of their own: "
            "search with one optimizer, or give learning_rate"
        )
    return _RATES_OF_ADAM if "adam" in optimizers else SEARCH_SPACE["learning_rate"]


def _values(settings, name):
    value = settings.get(name)
    return set(value) if isinstance(value, list | tuple) else {value}


def _plain(value, kind):
    """A number as Python's of the setting's kind: KerasTuner chooses among values of one type."""
    if isinstance(value, np.generic):
        value = value.item()
    if kind is float and type(value) is int:
        return float(value)
    return int(value) if kind is int and type(value) is float and value.is_integer() else value


def _plain_entry(name, entry, kind):
    """An entry of a search space: a range, a value, or a tuple of different values."""
    if isinstance(entry, Range):
        kind = kind if kind is int else None
        entry = replace(entry, low=_plain(entry.low, kind), high=_plain(entry.high, kind))
        if kind and not (type(entry.low) is type(entry.high) is int):
            raise InputError(
                f"{name} is a whole number, and so are the ends of its range, got {entry.low} and "
                f"{entry.high}"
            )
        return entry
    if not isinstance(entry, list | tuple | np.ndarray):
        return _plain(entry, kind)
    if not len(entry):
        raise InputError(f"{name} has no values to choose from: give at least one")
    values = tuple(dict.fromkeys(_plain(value, kind) for value in entry))
    if len(set(map(type, values))) > 1:
        raise InputError(f"the values of {name} are of several kinds, got {values}: give one kind")
    return values if len(values) > 1 else values[0]


class SearchSpace:
    """Settings of Scale-VAE runs: those that are searched and those that are fixed.

    Args:
        search_space: what is other than in `SEARCH_SPACE`, by setting of a run: a `Range`, the
            values to choose from as a list or tuple, or one value, which fixes the setting.
        data: data of the runs, see `RunConfig`.
        preset: preset of the runs; its values hold for what is neither searched nor fixed.
        **chosen: further settings of the runs.

    Attributes:
        searched: what is searched, by setting.
        fixed: what is fixed, by setting.

    Raises:
        InputError: a setting is unknown or is not one that a search can vary, its list of values
            is empty or holds several kinds, a whole number has a range that is not of whole
            numbers, or a fixed value is out of range; or both optimizers are to be searched with
            one range of learning rates that was not given.
    """

    def __init__(
        self,
        search_space: Mapping[str, object] | None = None,
        data: str = "",
        preset: str = "small",
        **chosen,
    ):
        given = search_space or {}
        entries = {**SEARCH_SPACE, **given}
        if "learning_rate" not in given:
            entries["learning_rate"] = _rates({**PRESETS.get(preset, {}), **chosen, **given})
        kinds = {each.name: each.kind for each in settings_of(config_class("scale"))}
        known = kinds.keys() - _OF_THE_SEARCH
        for name in entries:
            if name not in known:
                raise InputError(
                    f"{name} is not a setting that a search can vary: choose from "
                    f"{', '.join(sorted(known))}{did_you_mean(name, sorted(known))}"
                )
        self.searched, self.fixed = {}, {}
        for name, entry in entries.items():
            entry = _plain_entry(name, entry, kinds[name])
            kept = self.searched if isinstance(entry, Range | tuple) else self.fixed
            kept[name] = entry
        self._chosen = {"data": data, "method": "scale", "preset": preset, **chosen}
        self.default = asdict(self.config({}))

    def declare(self, hyperparameters) -> dict[str, object]:
        """Declares what is searched.

        Args:
            hyperparameters: a `keras_tuner.HyperParameters`.

        Returns:
            Its values, by setting.
        """
        return {
            name: self._declare(hyperparameters, name, entry)
            for name, entry in self.searched.items()
        }

    def _declare(self, hyperparameters, name, entry):
        default = self.default[name]
        if not isinstance(entry, Range):
            default = default if default in entry else entry[0]
            if isinstance(default, bool):
                return hyperparameters.Boolean(name, default=default)
            return hyperparameters.Choice(name, list(entry), default=default, ordered=None)
        if default is None or not entry.low <= default <= entry.high:
            default = entry.low
        whole = isinstance(entry.low, int) and isinstance(entry.high, int)
        declare = hyperparameters.Int if whole else hyperparameters.Float
        sampling = "log" if entry.log else "linear"
        return declare(name, entry.low, entry.high, sampling=sampling, default=default)

    def config(self, values: Mapping[str, object]) -> RunConfig:
        """The settings of a run.

        Args:
            values: values of searched settings; others, such as KerasTuner's own, are left aside.

        Raises:
            InputError: a value is out of range.
        """
        chosen = {name: value for name, value in values.items() if name in self.searched}
        return configure(**{**self._chosen, **self.fixed, **chosen})

    def to_json(self) -> dict[str, object]:
        """What is searched and fixed as a JSON object."""
        searched = {
            name: asdict(entry) if isinstance(entry, Range) else list(entry)
            for name, entry in self.searched.items()
        }
        return {**searched, **self.fixed}
