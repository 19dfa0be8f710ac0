"""Which settings a search tries."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from scale_vae_keras.errors import InputError
from scale_vae_keras.runs.config import RunConfig, configure, method_settings
from scale_vae_keras.runs.method_presets import METHOD_PRESETS

_OF_THE_SEARCH = {"data", "method", "preset", "epochs", "train_limit", "seed", "dilations"}


@dataclass(frozen=True)
class Range:
    """All values from `low` to `high`; whole numbers if both are.

    Attributes:
        low: the smallest value.
        high: the largest value.
        log: whether equal ratios, not equal differences, are equally likely.

    Raises:
        InputError: the range is empty, or `log` is asked of one that reaches zero.
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self):
        if not self.low < self.high:
            raise InputError(f"a range needs low < high, got {self.low} and {self.high}")
        if self.log and self.low <= 0:
            raise InputError(f"a logarithmic range must be positive, got {self.low}")


SEARCH_SPACE = {
    "des_std": Range(0.3, 1.5),
    "f_epo": (1, 2, 3, 5, 7),
    "average": ("arithmetic", "pooled", "median"),
    "learning_rate": Range(0.1, 1.0, log=True),
    "dropout": Range(0.1, 0.6),
    "embedding_dim": (64, 128, 256),
    "units": (128, 256, 512),
    "latent_dim": (16, 32, 64),
}
"""What is searched if nothing is said: a `Range`, or the values to choose from."""


class SearchSpace:
    """Settings of Scale-VAE runs: those that are searched and those that are fixed.

    Args:
        search_space: what is other than in `SEARCH_SPACE`, by setting of a run: a `Range`, the
            values to choose from as a list or tuple, or one value, which fixes the setting.
        data: of the runs, see `RunConfig`.
        preset: of the runs; its values hold for what is neither searched nor fixed.
        **chosen: further settings of the runs.

    Attributes:
        searched: what is searched, by setting.
        fixed: what is fixed, by setting.

    Raises:
        InputError: a setting is unknown or is not one that a search can vary, its list of values
            is empty, or a fixed value is out of range.
    """

    def __init__(
        self,
        search_space: Mapping[str, object] | None = None,
        data: str = "",
        preset: str = "small",
        **chosen,
    ):
        entries = {**SEARCH_SPACE, **(search_space or {})}
        foreign = method_settings() - set(METHOD_PRESETS["scale"].settings)
        known = {field.name for field in fields(RunConfig)} - foreign - _OF_THE_SEARCH
        for name, entry in entries.items():
            if name not in known:
                raise InputError(
                    f"{name} is no setting that a search can vary: choose from "
                    f"{', '.join(sorted(known))}"
                )
            if isinstance(entry, list | tuple) and not entry:
                raise InputError(f"{name} has no values to choose from: give at least one")
        self.searched, self.fixed = {}, {}
        for name, entry in entries.items():
            if isinstance(entry, list | tuple) and len(entry) == 1:
                (entry,) = entry
            if isinstance(entry, Range):
                self.searched[name] = entry
            elif isinstance(entry, list | tuple):
                self.searched[name] = tuple(entry)
            else:
                self.fixed[name] = entry
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
            return hyperparameters.Choice(name, list(entry), default=default, ordered=None)
        if not entry.low <= default <= entry.high:
            default = entry.low
        whole = isinstance(entry.low, int) and isinstance(entry.high, int)
        declare = hyperparameters.Int if whole else hyperparameters.Float
        sampling = "log" if entry.log else "linear"
        return declare(name, entry.low, entry.high, sampling=sampling, default=default)

    def config(self, values: Mapping[str, object]) -> RunConfig:
        """The settings of a run.

        Args:
            values: of searched settings; others, such as KerasTuner's own, are left aside.

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
