import dataclasses
import json
from pathlib import Path

import keras
import numpy as np
import pytest

from scale_vae_keras import models
from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.errors import InputError
from scale_vae_keras.models import SYSTEMS
from scale_vae_keras.runs.build_model import build_model
from scale_vae_keras.runs.config import RunConfig, configure, get_system
from scale_vae_keras.settings import settings_of


def sizes(name):
    return SIZES if name == "lm" else TINY


ALL = pytest.mark.parametrize("name", SYSTEMS)
SIZES = {"embedding_dim": 3, "units": 4}
TINY = {**SIZES, "latent_dim": 2}
# 40 sentences of one word
SPLIT = EncodedSplit(
    tokens=[1, 4, 2] * 40, offsets=list(range(0, 121, 3)), labels=None, empty=0, truncated=0
)


@ALL
def test_the_model_has_the_values_of_its_paper(name):
    model = build_model(configure("reviews", name, "paper", **sizes(name)), 12)
    assert type(model) is SYSTEMS[name].model
    config = model.get_config()
    own = SYSTEMS[name].own_settings
    declared = {each.name: each for each in settings_of(SYSTEMS[name].settings)}
    for setting in own:
        assert (setting in config) == declared[setting].of_model
        if setting in config:
            assert config[setting] == declared[setting].default


@ALL
def test_options_of_encoder_and_decoder_combine_with_every_system(name):
    config = configure(
        "reviews",
        name,
        "base",
        **sizes(name),
        decoder="cnn",
        dilations=(1, 3),
        word_dropout=0.2,
        fraternal=0.1,
        **({} if name == "lm" else {"pooling": "max"}),
    )
    model = build_model(config, 12)
    assert model.decoder.dilations == (1, 3)
    assert model.decoder.word_dropout == 0.2
    assert model.fraternal == 0.1
    if name != "lm":
        assert model.encoder.pooling == "max"


@ALL
def test_exactly_one_callback_anneals_the_kl(name):
    config = configure("reviews", name, "base", **sizes(name))
    callbacks = get_system(name).callbacks(config, SPLIT, SPLIT)
    annealing = [c for c in callbacks if "KLAnnealing" in type(c).__name__]
    assert len(annealing) == (0 if name == "lm" else 1)
    assert all(isinstance(c, keras.callbacks.Callback) for c in callbacks)


def test_an_annealed_bound_has_its_callback_and_selects_by_the_bound():
    config = configure("reviews", "scale", "small", **TINY, bound="annealed", bound_epochs=5)
    assert config.select_by == "elbo"
    paper = configure("reviews", "scale", "paper", bound="annealed")
    assert paper.select_by == "elbo"
    *_, annealing = get_system("scale").callbacks(config)
    assert (annealing.start, annealing.epochs) == (4, 5)
    assert build_model(config, 12).bound == "annealed"
    chosen = configure("reviews", "scale", "small", bound="annealed", select_by="objective")
    assert chosen.select_by == "objective"
    for other in ("paper", "proper"):
        config = configure("reviews", "scale", "paper", bound=other)
        assert config.select_by == "objective"
        assert len(get_system("scale").callbacks(config)) == 2


def test_cycles_divide_the_run_or_have_a_length_of_their_own():
    [four] = get_system("cyclical").callbacks(configure("reviews", "cyclical", "base", epochs=20))
    assert (four.cycle_epochs, four.ramp_epochs, four.first_epochs) == (5, 2.5, 0)
    [own] = get_system("cyclical").callbacks(
        configure("reviews", "cyclical", "base", kl_cycle_epochs=20)
    )
    assert (own.cycle_epochs, own.ramp_epochs, own.first_epochs) == (20, 10, 1)


def test_a_preset_and_what_is_given_come_before_the_values_of_the_paper():
    assert configure("reviews", "scale", "base").f_epo == 1
    assert configure("reviews", "scale", "small").f_epo == 2
    assert configure("reviews", "du", "base").gamma == 0.5
    assert configure("reviews", "du", "base", gamma=0.9).gamma == 0.9
    assert configure("reviews", "beta", "small").kl_epochs == 0
    for name in ("bn", "du"):
        assert configure("reviews", name, "transformer").epsilon == 1e-12
        assert configure("reviews", name, "paper").epsilon == 1e-5


@pytest.mark.parametrize("name", ["lm", "vae", "li2019", "scale"])
def test_the_preset_transformer_is_what_was_measured(name):
    encoder = {} if name == "lm" else {"encoder": "transformer"}
    measured = configure(
        "reviews",
        name,
        "small",
        epochs=12,
        decay_start=8,
        decoder="transformer",
        units=176,
        depth=2,
        **encoder,
    )
    preset = configure("reviews", name, "transformer")
    assert preset == dataclasses.replace(measured, preset="transformer")
    assert (preset.optimizer, preset.learning_rate) == ("adam", 0.001)


def test_what_is_given_decides_the_optimizer_of_the_preset_transformer():
    both = {"encoder": "lstm", "decoder": "lstm"}
    lstm = configure("reviews", "vae", "transformer", **both)
    assert (lstm.optimizer, lstm.learning_rate) == ("sgd", 0.5)
    assert configure("reviews", "vae", "transformer", decoder="cnn").optimizer == "adam"
    assert configure("reviews", "agg", "transformer").optimizer == "sgd"


def test_an_unknown_system():
    for ask in (get_system, lambda name: configure("reviews", name, "base")):
        with pytest.raises(InputError, match="choose lm, vae, cyclical"):
            ask("nonsense")


def test_a_language_model_is_no_vae():
    assert not issubclass(SYSTEMS["lm"].model, models.TextVAE)


def test_an_earlier_name_is_understood():
    assert get_system("lstm-lm") is SYSTEMS["lm"]
    config = configure("reviews", "lstm-lm", "small")
    assert config.method == "lm"
    assert RunConfig.from_json({**config.to_json(), "method": "lstm-lm"}) == config


def test_numbers_of_numpy_lists_and_paths_are_kept_as_config_json_has_them():
    given = {
        "epochs": (np.int64(3), 3),
        "batch_size": (16.0, 16),
        "learning_rate": (np.float32(0.5), 0.5),
        "clip_norm": (np.int64(2), 2.0),
        "dilations": ([1, np.int32(3)], (1, 3)),
    }
    values = {name: value for name, (value, _) in given.items()}
    config = configure(Path("a") / "corpus", "vae", "small", **TINY, decoder="cnn", **values)
    assert RunConfig.from_json(json.loads(json.dumps(config.to_json()))) == config
    assert config.data == "a/corpus"
    for name, (_, plain) in given.items():
        assert getattr(config, name) == plain
        assert type(getattr(config, name)) is type(plain)
    replaced = dataclasses.replace(config, epochs=np.int64(4))
    assert type(replaced.epochs) is int
    single = configure("reviews", "vae", "small", decoder="cnn", dilations=3)
    assert single.dilations == (3,)
