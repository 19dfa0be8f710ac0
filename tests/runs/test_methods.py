import inspect

import keras
import pytest

from scale_vae_keras import models
from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.errors import InputError
from scale_vae_keras.runs.config import configure
from scale_vae_keras.runs.method_presets import METHOD_PRESETS
from scale_vae_keras.runs.methods import METHODS, build_model, get_method

ALL = pytest.mark.parametrize("name", METHODS)
TINY = {"latent_dim": 2, "embedding_dim": 3, "units": 4}
# 40 sentences of one word
SPLIT = EncodedSplit(
    tokens=[1, 4, 2] * 40, offsets=list(range(0, 121, 3)), labels=None, empty=0, truncated=0
)


def test_every_system_has_a_preset():
    assert list(METHODS) == list(METHOD_PRESETS)


@ALL
def test_the_model_has_the_values_of_its_paper(name):
    model = build_model(configure("reviews", name, "base", **TINY), 12)
    assert type(model) is METHODS[name].model
    config = model.get_config()
    own = METHOD_PRESETS[name].settings
    taken = {setting: config[setting] for setting in own if setting in config}
    assert taken == {setting: own[setting] for setting in taken}
    rest = set(own) - set(taken)
    assert rest <= {
        *("f_epo", "bound_start", "bound_epochs"),
        *("kl_cycles", "kl_ramp", "kl_cycle_epochs", "pretrain_epochs"),
    }
    parameters = inspect.signature(type(model).__init__).parameters
    defaults = {n: p.default for n, p in parameters.items() if n in taken}
    assert defaults == {setting: own[setting] for setting in defaults}


@ALL
def test_options_of_encoder_and_decoder_combine_with_every_system(name):
    config = configure(
        "reviews",
        name,
        "base",
        **TINY,
        decoder="cnn",
        dilations=(1, 3),
        word_dropout=0.2,
        fraternal=0.1,
        pooling="max",
    )
    model = build_model(config, 12)
    assert model.decoder.dilations == (1, 3)
    assert model.decoder.word_dropout == 0.2
    assert model.fraternal == 0.1
    if name != "lstm-lm":
        assert model.encoder.pooling == "max"


@ALL
def test_exactly_one_callback_anneals_the_kl(name):
    config = configure("reviews", name, "base", **TINY)
    callbacks = get_method(name).callbacks(config, SPLIT, SPLIT)
    annealing = [c for c in callbacks if "KLAnnealing" in type(c).__name__]
    assert len(annealing) == (0 if name == "lstm-lm" else 1)
    assert all(isinstance(c, keras.callbacks.Callback) for c in callbacks)


def test_an_annealed_bound_has_its_callback_and_selects_by_the_bound():
    config = configure("reviews", "scale", "small", **TINY, bound="annealed", bound_epochs=5)
    assert config.select_by == "elbo"
    *_, annealing = get_method("scale").callbacks(config)
    assert (annealing.start, annealing.epochs) == (4, 5)
    assert build_model(config, 12).bound == "annealed"
    chosen = configure("reviews", "scale", "small", bound="annealed", select_by="objective")
    assert chosen.select_by == "objective"
    for other in ("paper", "proper"):
        config = configure("reviews", "scale", "small", bound=other)
        assert config.select_by == "objective"
        assert len(get_method("scale").callbacks(config)) == 2


def test_cycles_divide_the_run_or_have_a_length_of_their_own():
    [four] = get_method("cyclical").callbacks(configure("reviews", "cyclical", "base", epochs=20))
    assert (four.cycle_epochs, four.ramp_epochs, four.first_epochs) == (5, 2.5, 0)
    [own] = get_method("cyclical").callbacks(
        configure("reviews", "cyclical", "base", kl_cycle_epochs=20)
    )
    assert (own.cycle_epochs, own.ramp_epochs, own.first_epochs) == (20, 10, 1)


def test_a_preset_and_what_is_given_come_before_the_values_of_the_paper():
    assert configure("reviews", "scale", "base").f_epo == 1
    assert configure("reviews", "scale", "small").f_epo == 2
    assert configure("reviews", "du", "base").gamma == 0.5
    assert configure("reviews", "du", "base", gamma=0.9).gamma == 0.9
    assert configure("reviews", "beta", "small").kl_epochs == 0


def test_an_unknown_system():
    for ask in (get_method, lambda name: configure("reviews", name, "base")):
        with pytest.raises(InputError, match="choose lstm-lm, vae, cyclical"):
            ask("nonsense")


def test_a_language_model_is_no_vae():
    assert not issubclass(METHODS["lstm-lm"].model, models.TextVAE)
