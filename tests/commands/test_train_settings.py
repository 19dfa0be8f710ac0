"""Each setting that is given on the command line arrives where it acts."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from made_corpora import write_corpus

from scale_vae_keras.commands import train
from scale_vae_keras.commands.main import parse
from scale_vae_keras.errors import InputError
from scale_vae_keras.models import SYSTEMS
from scale_vae_keras.models.sentence_model import SentenceModel
from scale_vae_keras.priors.resolve import MIXTURES
from scale_vae_keras.runs import train as runs_train
from scale_vae_keras.runs.build_model import build_model
from scale_vae_keras.runs.config import RunConfig, config_class, configure, every_setting
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.runs.train import Run
from scale_vae_keras.settings import settings_of

BASE = ("--preset", "base")
TINY = ("--embedding-dim", "3", "--units", "8", "--batch-size", "16")
LABELS = ("a", "b")
CONDITION = ("--condition", "label")
NEEDS = {
    "condition_encoder": CONDITION,
    "semi_supervised": CONDITION,
    "labelled": (*CONDITION, "--semi-supervised"),
    "prior_components": ("--prior", "learned-mixture"),
    **dict.fromkeys(
        ("depth", "heads", "feed_forward", "layer_dropout", "positions", "latent_input"),
        ("--decoder", "transformer"),
    ),
    "max_positions": ("--decoder", "transformer", "--positions", "learned"),
    "dilations": ("--decoder", "cnn"),
    "bound_start": ("--bound", "annealed"),
    "bound_epochs": ("--bound", "annealed"),
    "decay_patience": ("--decay", "plateau"),
    "classifier_weight": (*CONDITION, "--semi-supervised"),
    "train_backbone": ("--backbone", "bert"),
}
"""What else a setting needs."""
NUMBERS = {
    "clip_norm": 2.5,
    "dropout": 0.3,
    "alpha": 0.25,
    "replicas": 2,
    "dilations": (1, 3),
    "vocabulary_limit": 900,
    "min_count": 2,
    "max_length": 31,
    "train_limit": 64,
    "labelled": 40,
    "seed": 11,
    "ddof": 0,
    "heads": 2,
    "feed_forward": 6,
    "prior_components": 5,
    "min_factor_batch": 9,
    "min_batch": 9,
}


def other_value(each):
    """A value of a setting that is not its default."""
    if each.name in NUMBERS:
        return NUMBERS[each.name]
    if each.kind is bool:
        return not each.default
    if each.kind is str:
        if each.limits.choices:
            return next(choice for choice in each.limits.choices if choice != each.default)
        return {"pattern": "[a-z]", "encoding": "latin-1", "backbone": "bert"}[each.name]
    if each.limits.most is not None or each.limits.below is not None:
        return 0.375
    return each.default + (3 if each.kind is int else 0.5)


def words_of(each, value):
    if each.kind is bool:
        return [each.flag if value else each.flag.replace("--", "--no-", 1)]
    return [each.flag, ",".join(map(str, value)) if each.many else str(value)]


class CaughtError(Exception):
    pass


@pytest.fixture
def config_of(monkeypatch, tmp_path):
    """The settings of the run that a command line starts."""

    def start(config, output, cache):
        raise CaughtError(config)

    monkeypatch.setattr(Run, "start", start)

    def config(*words, preset=BASE):
        line = ["train", "reviews", "--output", str(tmp_path / "run"), *preset, *words]
        with pytest.raises(CaughtError) as caught:
            train.run(parse(line))
        return caught.value.args[0]

    return config


@pytest.mark.parametrize("method", SYSTEMS)
def test_the_preset_of_a_run_for_which_none_is_named(config_of, method):
    preset = "small" if method == "agg" else "transformer"
    assert config_of("--method", method, preset=()) == configure("reviews", method, preset)


def test_a_backbone_takes_the_place_of_the_encoder_of_the_preset(config_of):
    config = config_of("--backbone", "bert", "--pooling", "first", preset=())
    assert (config.preset, config.encoder, config.decoder) == ("transformer", "lstm", "transformer")
    assert (config.backbone, config.pooling) == ("bert", "first")


OF_EVERY_RUN = [each.name for each in settings_of(RunConfig)]
CASES = [
    pytest.param(system.name, each, id=f"{system.name}-{each.name}")
    for system in SYSTEMS.values()
    for each in settings_of(config_class(system.name))
    if system.name == "scale" or each.name in system.own_settings
]


@pytest.mark.parametrize(("method", "each"), CASES)
def test_a_flag_is_the_setting_of_the_run(config_of, method, each):
    value = other_value(each)
    assert value != each.default
    needed = NEEDS.get(each.name, ())
    config = config_of("--method", method, *needed, *words_of(each, value))
    assert getattr(config, each.name) == value
    given = {word.removeprefix("--").replace("-", "_") for word in needed}
    others = {other.name for other in settings_of(type(config))} - {each.name} - given
    usual = configure("reviews", method, "base")
    changed = {name for name in others if getattr(config, name) != getattr(usual, name)}
    of_adam = set() if method == "agg" else {"optimizer", "learning_rate"}
    goes_along = {
        ("bound", "annealed"): {"select_by"},
        ("optimizer", "adam"): {"learning_rate"},
        ("encoder", "transformer"): of_adam,
        ("decoder", "transformer"): of_adam,
    }
    allowed = of_adam if "transformer" in needed else goes_along.get((each.name, value), set())
    assert changed <= allowed


OF_MODEL = [
    case for case in CASES if case.values[1].of_model and case.values[1].name not in OF_EVERY_RUN
]


@pytest.mark.parametrize(("method", "each"), OF_MODEL)
def test_a_setting_of_the_model_arrives_in_the_model(config_of, method, each):
    value = other_value(each)
    words = [*([] if each.name in ("embedding_dim", "units") else TINY), *NEEDS.get(each.name, ())]
    config = config_of("--method", method, *words, *words_of(each, value))
    model = build_model(config, 12, LABELS if config.condition == "label" else ())
    assert taken(model, each.name) == value
    assert taken(type(model).from_config(model.get_config()), each.name) == value


@pytest.mark.parametrize("prior", MIXTURES)
def test_the_components_of_a_prior_arrive_in_the_model(config_of, prior):
    config = config_of(*TINY, "--prior", prior, "--prior-components", "5")
    model = build_model(config, 12)
    assert (model.prior.kind, model.prior.components) == (prior, 5)
    assert type(model).from_config(model.get_config()).prior.components == 5
    with pytest.raises(InputError, match="only the priors mixture, learned-mixture, vamp have"):
        configure("reviews", "scale", "small", prior_components=5)


def taken(model, name):
    return model.prior.kind if name == "prior" else model.get_config()[name]


SCHEDULES = {
    ("scale", "f_epo"): lambda callbacks: callbacks["EpochAverageScale"].f_epo,
    ("scale", "kl_start"): lambda callbacks: callbacks["LinearKLAnnealing"].start,
    ("scale", "kl_epochs"): lambda callbacks: callbacks["LinearKLAnnealing"].epochs,
    ("scale", "bound_start"): lambda callbacks: callbacks["BoundAnnealing"].start,
    ("scale", "bound_epochs"): lambda callbacks: callbacks["BoundAnnealing"].epochs,
    ("cyclical", "kl_cycles"): lambda c: 98 / c["CyclicalKLAnnealing"].cycle_epochs,
    ("cyclical", "kl_ramp"): lambda c: (
        c["CyclicalKLAnnealing"].ramp_epochs / c["CyclicalKLAnnealing"].cycle_epochs
    ),
    ("cyclical", "kl_cycle_epochs"): lambda c: c["CyclicalKLAnnealing"].cycle_epochs,
    ("li2019", "pretrain_epochs"): lambda c: c["AutoencoderPretraining"].epochs,
    ("li2019", "pretrain_decays"): lambda c: c["AutoencoderPretraining"].decays,
}


@pytest.mark.parametrize(("method", "name"), SCHEDULES)
def test_a_setting_of_a_schedule_arrives_in_its_callback(config_of, method, name):
    each = next(each for each in settings_of(config_class(method)) if each.name == name)
    value = 20.5 if name == "kl_cycle_epochs" else other_value(each)
    more = ["--bound", "annealed"] if name.startswith("bound_") else []
    config = config_of("--method", method, "--epochs", "98", *more, *words_of(each, value))
    callbacks = {type(c).__name__: c for c in config.system.callbacks(config, None, None)}
    assert all(isinstance(callback, keras.callbacks.Callback) for callback in callbacks.values())
    assert SCHEDULES[method, name](callbacks) == pytest.approx(value)


BACKBONE = ("backbone", "train_backbone")
"""Their effect is shown in tests/parts/test_backbone_encoder.py, where keras-hub is there."""


def test_no_setting_of_a_schedule_is_left_out():
    left = {(case.values[0], case.values[1].name) for case in CASES if not case.values[1].of_model}
    rest = {("scale", name) for name in ("select_by", "prior_components", *BACKBONE)}
    assert left - set(SCHEDULES) == rest


def test_every_setting_has_one_flag_and_every_flag_its_setting():
    options = vars(parse(["train", "reviews", "--output", "RUN"]))
    of_the_command = {
        *("data", "output", "resume", "method", "preset", "profile", "command", "words", "debug"),
        *("save_steps", "save_minutes", "max_skipped_share", "cache"),
    }
    assert set(options) - of_the_command == set(every_setting())
    assert all(options[name] is None for name in every_setting())


def test_systems_that_share_a_setting_agree_on_its_type():
    for system in SYSTEMS.values():
        for each in settings_of(system.settings):
            first = every_setting()[each.name]
            assert (each.kind, each.many, each.optional) == (first.kind, first.many, first.optional)


@pytest.mark.parametrize("name", ["latent_dim", "pooling", "kl_start", "kl_epochs", "select_by"])
def test_a_language_model_has_no_settings_of_a_latent_code(name):
    value = other_value(every_setting()[name])
    with pytest.raises(InputError, match=f"the method lm has no setting {name}"):
        configure("reviews", "lm", "small", **{name: value})


LINES = [
    f"{label}\tThe {size} cat {verb} ."
    for label in "ab"
    for size in ("big", "red", "old")
    for verb in ("sleeps", "eats", "runs", "sits", "walks")
]


class Started:
    """A run as it is when training begins."""

    def __init__(self, run, model, callbacks, batches):
        self.run, self.model, self.batches = run, model, batches
        self.callbacks = {type(each).__name__: each for each in callbacks}


@pytest.fixture
def started(monkeypatch, tmp_path):
    """Begins a run on a tiny labelled corpus and stops before the first step."""
    folder = write_corpus(tmp_path / "corpus", LINES)
    batches, seen = {}, {}
    make = runs_train.training_batches

    def training_batches(split, batch_size, seed, **options):
        batches.update(options, batch_size=batch_size, seed=seed)
        return make(split, batch_size, seed, **options)

    def fit(model, *arguments, callbacks, **options):
        seen.update(model=model, callbacks=callbacks, epochs=options["epochs"])
        raise CaughtError

    def open_strategy(replicas):
        seen["replicas"] = replicas
        return tf.distribute.get_strategy()

    monkeypatch.setattr(runs_train, "open_strategy", open_strategy)
    monkeypatch.setattr(runs_train, "training_batches", training_batches)
    monkeypatch.setattr(SentenceModel, "fit", fit)

    def start(*words):
        output = tmp_path / "run"
        kind = [] if "--tokenizer" in words else ["--tokenizer", "words"]
        line = ["train", str(folder), "--output", str(output), *BASE, *TINY, *kind, *words]
        with pytest.raises(CaughtError):
            train.run(parse(line))
        run = Run(RunFolder(output), None, None, None)
        run.train = run.folder.encode("train")
        begun = Started(run, seen["model"], seen["callbacks"], batches)
        begun.epochs, begun.replicas_asked = seen["epochs"], seen["replicas"]
        return begun

    return start


def vocabulary(started):
    return started.run.folder.tokenizer.vocabulary.tokens


ACTS = {
    "tokenizer": (["--tokenizer", "raw"], lambda s: "the" in vocabulary(s), True),
    "pattern": (
        ["--tokenizer", "regex", "--pattern", "[a-z]+"],
        lambda s: s.run.folder.tokenizer.pattern,
        "[a-z]+",
    ),
    "subwords": (
        ["--tokenizer", "sentencepiece", "--subwords", "bpe", "--vocabulary-limit", "330"],
        lambda s: len(vocabulary(s)),
        330,
    ),
    "vocabulary_limit": (["--vocabulary-limit", "7"], lambda s: len(vocabulary(s)), 7),
    "min_count": (["--min-count", "7"], lambda s: "sleeps" in vocabulary(s), False),
    "encoding": (["--encoding", "ascii"], lambda s: s.run.folder.config.encoding, "ascii"),
    "max_length": (["--max-length", "3"], lambda s: int(s.run.train.lengths.max()), 5),
    "train_limit": (["--train-limit", "9"], lambda s: s.run.train.sentences, 9),
    "labelled": (
        [*CONDITION, "--semi-supervised", "--labelled", "4"],
        lambda s: int(np.count_nonzero(s.run.train.label_numbers >= 0)),
        4,
    ),
    "batch_size": (["--batch-size", "24"], lambda s: s.batches["batch_size"], 24),
    "replicas": (["--replicas", "2"], lambda s: s.replicas_asked, 2),
    "resplit": (["--resplit"], lambda s: s.batches["resplit"], True),
    "by_label": (["--by-label"], lambda s: s.batches["by_label"], True),
    "epochs": (["--epochs", "7"], lambda s: s.epochs, 7),
    "optimizer": (
        ["--method", "vae", "--optimizer", "adam"],
        lambda s: (type(s.model.optimizer).__name__, s.model.optimizer.learning_rate.numpy()),
        ("Adam", pytest.approx(0.001)),
    ),
    "learning_rate": (
        ["--learning-rate", "0.25"],
        lambda s: float(s.model.optimizer.learning_rate),
        0.25,
    ),
    "clip_norm": (["--clip-norm", "2.5"], lambda s: s.model.optimizer.global_clipnorm, 2.5),
    "decay": (["--decay", "halving"], lambda s: "HalvingSchedule" in s.callbacks, True),
    "decay_start": (
        ["--decay-start", "7"],
        lambda s: s.callbacks["DecayOnPlateau"].start_epoch,
        7,
    ),
    "decay_patience": (
        ["--decay-patience", "6"],
        lambda s: s.callbacks["DecayOnPlateau"].patience,
        6,
    ),
    "precision": (
        ["--precision", "mixed_bfloat16"],
        lambda s: s.model.decoder.compute_dtype,
        "bfloat16",
    ),
    "seed": (
        ["--seed", "11"],
        lambda s: (s.model.seed, s.batches["seed"], s.callbacks["LatentMonitor"].seed),
        (11, 11, 11),
    ),
    "select_by": (
        ["--select-by", "objective"],
        lambda s: s.callbacks["BestModel"].monitor,
        "val_loss",
    ),
}


def test_no_setting_of_a_run_is_left_out():
    assert set(ACTS) == {*OF_EVERY_RUN, "select_by"}


@pytest.mark.parametrize("name", ACTS)
def test_a_setting_of_a_run_acts(started, name):
    words, read, expected = ACTS[name]
    assert read(started(*words)) == expected


@pytest.mark.parametrize("name", ACTS)
def test_without_its_flag_it_is_otherwise(started, name):
    words, read, expected = ACTS[name]
    others = words[:-2] if name == "labelled" else []
    assert read(started(*others)) != expected


def test_a_cache_is_used_by_a_new_run_and_by_one_that_goes_on(started, tmp_path):
    new, resumed = tmp_path / "cache", tmp_path / "other"
    started("--cache", str(new))
    assert {path.name for path in new.glob("*/*")} >= {"tokens.npy", "vocabulary.txt"}
    output = str(tmp_path / "run")
    with pytest.raises(CaughtError):
        train.run(parse(["train", "--resume", "--output", output, "--cache", str(resumed)]))
    assert len(list(resumed.glob("*/tokens.npy"))) == 2


def test_samples_for_tensorboard_have_the_length_of_the_run(started):
    assert started("--max-length", "3").callbacks["TextSamplesLog"].max_length == 4
