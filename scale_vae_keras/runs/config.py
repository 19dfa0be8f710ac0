"""Everything that defines a run."""

import dataclasses
import functools
import os
from dataclasses import asdict, dataclass
from typing import Any

from scale_vae_keras.errors import InputError, did_you_mean
from scale_vae_keras.models import EARLIER_NAMES, SYSTEMS
from scale_vae_keras.models.system import System
from scale_vae_keras.priors import get_prior
from scale_vae_keras.runs.presets import PRESETS, PUBLISHED
from scale_vae_keras.runs.settings_in_effect import check_in_effect, check_sizes
from scale_vae_keras.settings import Range, Setting, Settings, setting, settings_of
from scale_vae_keras.text.splitting import RAW_FOLDS

TOKENIZERS = ("sentencepiece", "words", "raw", "characters", "regex", "hub")
OPTIMIZERS = ("sgd", "adam")
ADAM_RATE = 0.001
"""Learning rate of Adam where nothing is said, whatever the preset."""

_CHOSEN = ("data", "method", "preset")


@dataclass(frozen=True)
class RunConfig(Settings):
    """The settings of a run, as `config.json` holds them.

    This class has those of every run. A run of a system is an instance of a subclass that has the
    settings of the system alongside them; `configure` and `RunConfig.from_json` make it.

    Attributes:
        data: name of a built-in corpus, or the corpus folder.
        method: name of the system.
        preset: name of the preset that the other settings started from.
    """

    data: str
    method: str
    preset: str
    tokenizer: str | None = setting(
        None,
        "sentencepiece (the default for untokenised text); words, split at white space (the "
        "default for the built-in corpora, a corpus with a vocab.txt and the preset paper); "
        f"raw, which {RAW_FOLDS.removeprefix('raw ')}; characters; regex; or hub, that of a "
        "backbone",
        choices=TOKENIZERS,
    )
    pattern: str | None = setting(None, "what a token of the regex tokenizer is, in RE2 syntax")
    subwords: str = setting(
        "unigram", "how sentencepiece is trained: unigram or bpe", choices=("unigram", "bpe")
    )
    vocabulary_limit: int | None = setting(
        None,
        "maximum size of the vocabulary, including the four special tokens; 8,000 for "
        "sentencepiece, no limit otherwise",
        least=5,
    )
    min_count: int | None = setting(
        None,
        "words that occur less often in train become <unk>; by default chosen so that train has "
        "about as many unknown words as unseen text; the built-in corpora keep all words",
        above=0,
    )
    encoding: str | None = setting(
        None,
        "encoding of the corpus files; by default taken from their byte order mark, else UTF-8",
    )
    max_length: int = setting(
        200, "maximum length of a sentence in tokens; the rest is cut off", above=0
    )
    train_limit: int | None = setting(
        None,
        "train on the first N sentences of the training split only; all by default",
        above=0,
    )
    labelled: int | None = setting(
        None,
        "use the labels of N training sentences only, drawn by the seed; the others are treated as "
        "unlabelled, which needs semi_supervised; all by default",
        above=0,
    )
    batch_size: int = setting(32, "sentences per step, over all replicas", above=0)
    replicas: int | None = setting(
        None,
        "devices that share each batch: every GPU by default; on a machine without GPUs, logical "
        "CPU devices; see docs/distributed.md for several machines",
    )
    resplit: bool = setting(False, "divide the sentences into new batches every epoch")
    by_label: bool = setting(False, "every batch holds a single label")
    epochs: int = setting(100, "maximum number of epochs, not counting pretraining", above=0)
    optimizer: str = setting(
        "sgd",
        "sgd, without momentum as published, or adam (Kingma and Ba, 2015); by default adam where "
        "encoder or decoder is a transformer, except for agg, else sgd",
        choices=OPTIMIZERS,
    )
    learning_rate: float = setting(
        1.0,
        f"initial learning rate; with adam {ADAM_RATE} by default, whatever the preset; the loss "
        "is the mean over sentences, in nats",
        above=0,
        search=Range(0.1, 1.0, log=True),
    )
    clip_norm: float = setting(
        5.0, "maximum norm of the gradient of the mean loss, over all weights", above=0
    )
    decay: str = setting(
        "plateau",
        "how the learning rate decays: halving, every epoch after the first decay_start; or "
        "plateau, which halves it and restores the best weights when validation stalls for "
        "decay_patience epochs",
        choices=("halving", "plateau"),
    )
    decay_start: int = setting(15, "number of epochs before the first decay", least=0)
    decay_patience: int = setting(2, "number of epochs without improvement before a decay", above=0)
    precision: str = setting(
        "float32",
        "dtype policy of encoder and decoder: float32, mixed_bfloat16 or mixed_float16; weights, "
        "posterior, factor and losses are always float32; auto chooses mixed_bfloat16 where the "
        "processor supports it and a short trial finds it faster, and the run keeps that choice",
        choices=("float32", "mixed_bfloat16", "mixed_float16", "auto"),
    )
    seed: int = setting(
        783435,
        "seed of the weights, the noise, dropout and the order of the data",
        least=0,
        below=2**31,
    )

    def __post_init__(self):
        super().__post_init__()
        if self.replicas is not None and not 1 <= self.replicas <= self.batch_size:
            raise InputError(
                f"replicas must be from 1 to the batch size of {self.batch_size}, got "
                f"{self.replicas}"
            )
        self._check_backbone()
        if getattr(self, "prior_components", None) is not None:
            get_prior(self.prior, self.prior_components)
        if self.labelled is not None and not getattr(self, "semi_supervised", False):
            raise InputError(
                "labelled hides labels: set semi_supervised, which trains without them, or leave "
                "labelled out"
            )

    def _check_backbone(self):
        given = getattr(self, "backbone", None) is not None
        if self.tokenizer == "hub" and not given:
            raise InputError("the tokenizer hub belongs to a backbone: set backbone to its folder")
        if given and self.tokenizer not in (None, "hub"):
            raise InputError(
                f"a backbone has its own tokenizer: leave out tokenizer={self.tokenizer}"
            )
        if given and self.encoder != type(self).encoder:
            raise InputError(f"the backbone is the encoder: leave out encoder={self.encoder}")
        if given and self.vocabulary_limit is not None:
            raise InputError("the vocabulary is the backbone's: leave vocabulary_limit out")

    @property
    def system(self) -> System:
        """The system that the run trains."""
        return SYSTEMS[self.method]

    @property
    def first_epochs(self) -> int:
        """Epochs of pretraining, before those that `epochs` and `decay_start` count."""
        return getattr(self, "pretrain_epochs", 0)

    def model_settings(self) -> dict[str, Any]:
        """The arguments of the system's model, by name."""
        names = [each.name for each in settings_of(self.system.settings) if each.of_model]
        return {"seed": self.seed, **{name: getattr(self, name) for name in names}}

    def to_json(self) -> dict[str, Any]:
        """The settings as a JSON object."""
        return asdict(self)

    @staticmethod
    def from_json(content: dict[str, Any]) -> "RunConfig":
        """The settings that `to_json` wrote; one that is left out has its default.

        Settings of other systems, which older versions wrote next to a system's own, are left out.

        Raises:
            InputError: a setting is missing without a default, unknown, or out of range.
        """
        missing = [name for name in _CHOSEN if name not in content]
        if missing:
            raise InputError(f"missing settings: {', '.join(missing)}")
        content = {**content, "method": get_system(content["method"]).name}
        kind = config_class(content["method"])
        known = {**every_setting(), **dict.fromkeys(_CHOSEN)}
        unknown = set(content) - set(known)
        if unknown:
            raise InputError(f"unknown settings: {', '.join(sorted(unknown))}")
        own = {field.name for field in dataclasses.fields(kind)}
        values = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in content.items()
            if name in own
        }
        return kind(**{**_rate_of(values.get("optimizer")), **values})


def get_system(name: str) -> System:
    """The system of that name, which may be an earlier one.

    Raises:
        InputError: there is none.
    """
    name = EARLIER_NAMES.get(name, name)
    if name not in SYSTEMS:
        raise InputError(
            f"unknown method {name!r}: choose {', '.join(SYSTEMS)}{did_you_mean(name, SYSTEMS)}"
        )
    return SYSTEMS[name]


@functools.cache
def config_class(method: str) -> type[RunConfig]:
    """The class of the settings of a system's runs."""
    own = SYSTEMS[method].settings
    name = own.__name__.replace("Settings", "RunConfig")
    return dataclasses.make_dataclass(name, [], bases=(own, RunConfig), frozen=True)


@functools.cache
def every_setting() -> dict[str, Setting]:
    """All settings, those of every run first; of systems that share a name, the first one's."""
    found = {each.name: each for each in settings_of(RunConfig)}
    for system in SYSTEMS.values():
        for each in settings_of(system.settings):
            found.setdefault(each.name, each)
    return found


def usual_optimizer(method: str, encoder: str | None, decoder: str | None) -> str:
    """The optimizer of a run for which none is given: Transformers learn much faster with adam.

    Args:
        method: name of the system; aggressive training allows no optimizer with a memory.
        encoder: name of the encoder; None for the default.
        decoder: name of the decoder; None for the default.
    """
    return "adam" if "transformer" in (encoder, decoder) and method != "agg" else "sgd"


def usual_preset(method: str) -> str:
    """The preset of a run for which none is given: the best one with the system's usual optimizer.

    Args:
        method: name of the system.
    """
    adam = usual_optimizer(method, "transformer", "transformer") == "adam"
    return "transformer" if adam else "small"


def _rate_of(optimizer):
    """The learning rate that an optimizer gives to a run in place of a preset, if any."""
    return {"learning_rate": ADAM_RATE} if optimizer == "adam" else {}


def configure(data: str | os.PathLike, method: str, preset: str, **overrides: Any) -> RunConfig:
    """The settings of a preset, with those that are given and not None in place of its own.

    Args:
        data: name of a built-in corpus, or the corpus folder.
        method: name of the system.
        preset: name of the preset.
        **overrides: settings; None means that it is not given.

    Raises:
        InputError: method or preset are unknown, the method has no such setting, or a setting is
            out of range or without effect.
    """
    system = get_system(method)
    method = system.name
    if preset not in PRESETS:
        raise InputError(
            f"unknown preset {preset!r}: choose {', '.join(PRESETS)}{did_you_mean(preset, PRESETS)}"
        )
    kind = config_class(method)
    own = {each.name for each in settings_of(kind)}
    given = {name: value for name, value in overrides.items() if value is not None}
    for name in given:
        if name not in own:
            raise InputError(f"the method {method} has no setting {name}: leave it out")
    of_preset = {name: value for name, value in PRESETS[preset].items() if name in own}
    if "backbone" in given:
        of_preset.pop("encoder", None)
    chosen = {**of_preset, **given}
    usual = usual_optimizer(method, chosen.get("encoder"), chosen.get("decoder"))
    optimizer = given.get("optimizer", usual)
    of_optimizer = {"optimizer": optimizer, **_rate_of(optimizer)}
    settings = {**of_preset, **system.fixed, **of_optimizer, **given}
    if settings.get("bound") == "annealed":
        settings.setdefault("select_by", "elbo")
    config = kind(data=os.fspath(data), method=method, preset=preset, **settings)
    check_in_effect(config, given)
    check_sizes(config)
    return config


def published_settings(method: str) -> dict[str, Any]:
    """What `PUBLISHED` says of a system.

    Raises:
        InputError: the system is unknown.
    """
    own = {each.name for each in settings_of(config_class(get_system(method).name))}
    return {name: value for name, value in PUBLISHED.items() if name in own}


def read_setting(text: str) -> tuple[str, Any]:
    """Reads `name=value`, a setting of a run.

    Args:
        text: for instance "des_std=0.9", "average=pooled" or "dilations=1,2,4".

    Raises:
        InputError: there is no such setting, or the value is not of its type.
    """
    name, _, written = text.partition("=")
    if name not in every_setting():
        raise InputError(
            f"{text!r} is not a setting: write name=value, for instance epochs=6"
            f"{did_you_mean(name, every_setting())}"
        )
    return name, every_setting()[name].read(written)
