"""Everything that defines a run."""

import json
from dataclasses import asdict, dataclass, fields
from typing import get_args

from scale_vae_keras.errors import InputError
from scale_vae_keras.runs.method_presets import METHOD_PRESETS

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")


@dataclass(frozen=True)
class RunConfig:
    """The settings of one run, as `config.json` holds them.

    The settings that only some systems take are None in the others; `method_presets.py` lists them
    with the values of their papers, and the models and callbacks that take them say what they mean.

    Attributes:
        data: name of a built-in corpus, or the corpus folder.
        method: name of the system.
        preset: name of the preset that the other settings started from.
        tokenizer: "words" for text that is tokenised already, "raw" for any other.
        vocabulary_limit: most tokens of a counted vocabulary, specials included; None for all.
        min_count: words that are rarer in train become `<unk>`.
        max_length: sentences are cut after so many words.
        train_limit: only the first so many training sentences are trained on; None for all.
        latent_dim: number of latent dimensions.
        embedding_dim: width of the token embeddings.
        units: width of the LSTMs.
        dropout: share of the decoder's embedding and hidden entries dropped in training.
        decoder_initializer_range: decoder weights start uniform in plus or minus this value.
        pooling: what the encoder makes of its states: "last", "max" or "mean".
        decoder: "lstm" or "cnn".
        dilations: of the layers of the "cnn" decoder.
        word_dropout: share of the decoder's input words that become `<unk>` in training.
        fraternal: weight of the distance between two passes of the decoder.
        batch_size: sentences a step, of all replicas together.
        replicas: replicas that share each step; None for every GPU, or one where there is none.
        resplit: whether each epoch pairs the sentences anew; else only batches are reordered.
        by_label: whether the sentences of a batch share one label.
        epochs: most epochs.
        learning_rate: of SGD without momentum, at the start.
        clip_norm: limit of the global gradient norm.
        decay: "halving" halves the rate each epoch after `decay_start` epochs; "plateau" halves it
            and goes back to the best weights when validation stalls for `decay_patience` epochs.
        decay_start: epochs before the first decay.
        decay_patience: epochs without improvement before a decay, for "plateau".
        select_by: validation figure that the best model has the least of, and that "plateau" goes
            by: "objective", as published, or "elbo", the bound of the generator that decodes f * z;
            `configure` gives "elbo" to an annealed bound, whose objective changes on its way.
        kl_start: KL weight of the first step.
        kl_epochs: epochs until the KL weight is 1.
        precision: Keras' dtype policy of encoder and decoder: "float32", "mixed_bfloat16" or
            "mixed_float16". Weights, posterior, factor and losses are float32 in each.
        seed: of weights, noise, dropout and the order of the data.
    """

    data: str
    method: str
    preset: str
    tokenizer: str = "words"
    vocabulary_limit: int | None = None
    min_count: int = 1
    max_length: int = 200
    train_limit: int | None = None
    latent_dim: int = 32
    embedding_dim: int = 512
    units: int = 1024
    dropout: float = 0.5
    decoder_initializer_range: float = 0.01
    pooling: str = "last"
    decoder: str = "lstm"
    dilations: tuple[int, ...] = (1, 2, 4)
    word_dropout: float = 0.0
    fraternal: float = 0.0
    batch_size: int = 32
    replicas: int | None = None
    resplit: bool = False
    by_label: bool = False
    epochs: int = 100
    learning_rate: float = 1.0
    clip_norm: float = 5.0
    decay: str = "plateau"
    decay_start: int = 15
    decay_patience: int = 2
    select_by: str = "objective"
    kl_start: float = 0.1
    kl_epochs: int = 10
    precision: str = "float32"
    seed: int = 783435
    des_std: float | None = None
    f_epo: int | None = None
    ddof: int | None = None
    average: str | None = None
    through_batch_factor: bool | None = None
    bound: str | None = None
    bound_start: int | None = None
    bound_epochs: int | None = None
    kl_cycles: int | None = None
    kl_ramp: float | None = None
    kl_cycle_epochs: float | None = None
    beta: float | None = None
    free_bits: float | None = None
    free_bits_form: str | None = None
    delta: float | None = None
    refinement_steps: int | None = None
    refinement_rate: float | None = None
    refinement_momentum: float | None = None
    refinement_clip_norm: float | None = None
    eta: float | None = None
    gamma: float | None = None
    variance_dropout: float | None = None
    delta_rate: float | None = None
    divergence: str | None = None
    alpha: float | None = None
    aggregate_weight: float | None = None
    pretrain_epochs: int | None = None

    def __post_init__(self):
        positive = (
            "max_length min_count latent_dim embedding_dim units batch_size epochs learning_rate "
            "clip_norm decoder_initializer_range decay_patience"
        )
        for name in positive.split():
            if not 0 < getattr(self, name) < float("inf"):
                raise InputError(f"{name} must be positive, got {getattr(self, name)}")
        for name in ("seed", "kl_epochs", "decay_start"):
            if getattr(self, name) < 0:
                raise InputError(f"{name} must not be negative, got {getattr(self, name)}")
        if self.seed >= 2**31:
            raise InputError(f"seed must be below 2**31, got {self.seed}")
        if self.vocabulary_limit is not None and self.vocabulary_limit < 5:
            raise InputError(
                f"vocabulary_limit must be at least 5 (four specials and a word), got "
                f"{self.vocabulary_limit}"
            )
        if self.train_limit is not None and self.train_limit < 1:
            raise InputError(f"train_limit must be positive, got {self.train_limit}")
        if self.replicas is not None and not 1 <= self.replicas <= self.batch_size:
            raise InputError(
                f"replicas must be from 1 to the batch size of {self.batch_size}, got "
                f"{self.replicas}"
            )
        if self.precision not in PRECISIONS:
            raise InputError(
                f"precision must be one of {', '.join(PRECISIONS)}, got {self.precision!r}"
            )
        if self.select_by not in ("objective", "elbo"):
            raise InputError(f"select_by must be objective or elbo, got {self.select_by!r}")
        if self.decay not in ("halving", "plateau"):
            raise InputError(f"decay must be halving or plateau, got {self.decay!r}")

    @property
    def first_epochs(self) -> int:
        """Epochs of pretraining, before those that `epochs` and `decay_start` count."""
        return self.pretrain_epochs or 0

    def to_json(self) -> dict:
        """The settings as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict) -> "RunConfig":
        """The settings that `to_json` wrote; one that is left out has its default.

        Raises:
            InputError: a setting is missing without a default, unknown, or out of range.
        """
        unknown = set(content) - {field.name for field in fields(cls)}
        if unknown:
            raise InputError(f"unknown settings: {', '.join(sorted(unknown))}")
        if "dilations" in content:
            content = {**content, "dilations": tuple(content["dilations"])}
        return cls(**content)


PRESETS = {
    "small": {
        "embedding_dim": 128,
        "units": 256,
        "batch_size": 64,
        "decoder_initializer_range": 0.06,
        "epochs": 12,
        "learning_rate": 0.5,
        "decay": "halving",
        "decay_start": 6,
        "kl_epochs": 3,
        "f_epo": 2,
        "bound_start": 4,
        "bound_epochs": 4,
    },
    "base": {"embedding_dim": 128, "units": 512, "batch_size": 32},
    "paper": {"embedding_dim": 512, "units": 1024, "batch_size": 32},
}


def configure(data: str, method: str, preset: str, **overrides) -> RunConfig:
    """The settings of a preset, with those that are given and not None in place of its own.

    Args:
        data: name of a built-in corpus, or the corpus folder.
        method: name of the system.
        preset: name of the preset.
        **overrides: settings; None means that it is not given.

    Raises:
        InputError: method or preset are unknown, the method has no such setting, or a setting is
            out of range.
    """
    if method not in METHOD_PRESETS:
        raise InputError(f"unknown method {method!r}: choose {', '.join(METHOD_PRESETS)}")
    if preset not in PRESETS:
        raise InputError(f"unknown preset {preset!r}: choose {', '.join(PRESETS)}")
    system = METHOD_PRESETS[method]
    foreign = method_settings() - set(system.settings)
    given = {name: value for name, value in overrides.items() if value is not None}
    for name in given:
        if name in foreign:
            raise InputError(f"the method {method} has no setting {name}: leave it out")
    of_preset = {name: value for name, value in PRESETS[preset].items() if name not in foreign}
    settings = {**system.settings, **of_preset, **system.schedule, **given}
    if settings.get("bound") == "annealed":
        settings.setdefault("select_by", "elbo")
    return RunConfig(data=data, method=method, preset=preset, **settings)


def method_settings() -> set[str]:
    """Names of the settings that only some systems take."""
    return {name for system in METHOD_PRESETS.values() for name in system.settings}


def read_setting(text: str) -> tuple[str, object]:
    """Reads `name=value`, a setting of `RunConfig`.

    Args:
        text: for instance "des_std=0.9" or "average=pooled".

    Raises:
        InputError: there is no such setting, or the value is not of its type.
    """
    name, _, written = text.partition("=")
    kinds = {field.name: get_args(field.type) or (field.type,) for field in fields(RunConfig)}
    if name not in set(kinds) - {"data", "method", "preset", "dilations"}:
        raise InputError(f"{text!r} is no setting: write name=value, for instance epochs=6")
    if str in kinds[name]:
        return name, written
    try:
        value = json.loads(written)
    except ValueError:
        value = None
    if type(value) is int and float in kinds[name]:
        value = float(value)
    if value is None or type(value) not in kinds[name]:
        raise InputError(f"{name} cannot be {written!r}")
    return name, value
