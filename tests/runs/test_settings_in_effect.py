"""Settings that would be ignored, or fail once training has begun, are refused before it."""

import pytest

from scale_vae_keras.errors import InputError
from scale_vae_keras.runs.config import configure

IDLE = {
    "depth": (3, "transformer", {"decoder": "transformer"}),
    "heads": (2, "transformer", {"encoder": "transformer"}),
    "feed_forward": (9, "transformer", {"encoder": "transformer"}),
    "layer_dropout": (0.2, "decoder=transformer", {"decoder": "transformer"}),
    "positions": ("learned", "transformer", {"decoder": "transformer"}),
    "max_positions": (
        300,
        "positions=learned",
        {"decoder": "transformer", "positions": "learned"},
    ),
    "latent_input": ("memory", "decoder=transformer", {"decoder": "transformer"}),
    "dilations": ((1, 3), "decoder=cnn", {"decoder": "cnn"}),
    "bound_start": (2, "bound=annealed", {"bound": "annealed"}),
    "bound_epochs": (2, "bound=annealed", {"bound": "annealed"}),
    "classifier_weight": (
        2.0,
        "semi_supervised",
        {"condition": "label", "semi_supervised": True},
    ),
    "condition_encoder": (True, "condition=label", {"condition": "label"}),
    "semi_supervised": (True, "condition=label", {"condition": "label"}),
    "train_backbone": (True, "backbone", {"backbone": "bert"}),
    "decay_patience": (3, "decay=plateau", {"decay": "plateau"}),
}


@pytest.mark.parametrize("name", IDLE)
def test_a_setting_without_effect_is_refused_where_it_was_given(name):
    value, needed, others = IDLE[name]
    own = {"max_positions": {"decoder": "transformer"}}.get(name, {})
    with pytest.raises(InputError, match=f"{name} has no effect without .*{needed}"):
        configure("reviews", "scale", "small", **{name: value}, **own)
    assert getattr(configure("reviews", "scale", "small", **{name: value}, **others), name) == value


@pytest.mark.parametrize(
    ("method", "settings", "others", "needed"),
    [
        ("scale", {"bound": "proper"}, {"prior": "vamp"}, "a prior that is not trained"),
        ("cyclical", {"kl_ramp": 0.1}, {"kl_cycle_epochs": 3.0}, "kl_cycle_epochs=0"),
        ("cyclical", {"kl_cycles": 9}, {"kl_cycle_epochs": 3.0}, "kl_cycle_epochs=0"),
        ("li2019", {"pretrain_decays": 2}, {"pretrain_epochs": 0}, "pretrain_epochs"),
        ("vae", {"layer_dropout": 0.2}, {"encoder": "transformer"}, "decoder=transformer"),
    ],
)
def test_a_setting_that_another_one_takes_the_effect_from(method, settings, others, needed):
    [name] = settings
    with pytest.raises(InputError, match=f"{name} has no effect without {needed}"):
        configure("reviews", method, "small", **settings, **others)
    if name != "layer_dropout":
        assert getattr(configure("reviews", method, "small", **settings), name) == settings[name]


def test_a_preset_may_have_what_lies_idle():
    config = configure("reviews", "vae", "transformer", encoder="lstm", decoder="lstm")
    assert config.depth == 2


def test_a_default_may_be_given():
    assert configure("reviews", "scale", "small", positions="rotary", depth=4).depth == 4


def test_patience_is_for_pretraining_too():
    config = configure("reviews", "li2019", "small", decay_patience=3, pretrain_decays=2)
    assert config.decay_patience == 3


def test_a_batch_without_a_factor_is_refused():
    with pytest.raises(InputError, match="batches of 8 sentences have no factor of their own"):
        configure("reviews", "scale", "small", batch_size=8)
    assert configure("reviews", "scale", "small", batch_size=8, min_factor_batch=8).batch_size == 8
    assert configure("reviews", "vae", "small", batch_size=8).batch_size == 8


def test_a_batch_without_statistics_is_refused():
    with pytest.raises(InputError, match=r"8 sentences have no statistics.* lower min_batch$"):
        configure("reviews", "du", "small", batch_size=8)
    assert configure("reviews", "du", "small", batch_size=8, min_batch=8).batch_size == 8
    with pytest.raises(InputError, match=r"1 sentences have no statistics.*: raise batch_size$"):
        configure("reviews", "bn", "small", batch_size=1)
    assert configure("reviews", "bn", "small", batch_size=2).batch_size == 2
    assert configure("reviews", "vae", "small", batch_size=1).batch_size == 1


@pytest.mark.parametrize("place", ["encoder", "decoder"])
def test_sentences_longer_than_learned_positions_are_refused(place):
    given = {place: "transformer", "positions": "learned", "max_positions": 32}
    with pytest.raises(InputError, match="max_length=31 tokens, <s> and </s> need 33 positions"):
        configure("reviews", "vae", "small", max_length=31, **given)
    assert configure("reviews", "vae", "small", max_length=30, **given).max_positions == 32
    rotary = configure("reviews", "vae", "small", decoder="transformer", max_length=400)
    assert rotary.max_length == 400
