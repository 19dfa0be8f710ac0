import json

import keras_tuner
import numpy as np
import pytest

from scale_vae_keras.errors import InputError
from scale_vae_keras.tuning.search_space import SEARCH_SPACE, Range, SearchSpace


def test_everything_is_searched_by_default():
    space = SearchSpace()
    hyperparameters = keras_tuner.HyperParameters()
    values = space.declare(hyperparameters)
    assert set(values) == set(SEARCH_SPACE)
    assert {"des_std", "f_epo", "average", "learning_rate", "dropout", "units"} <= set(values)
    assert [each.name for each in hyperparameters.space] == list(SEARCH_SPACE)


def test_the_first_point_is_the_preset_where_the_space_has_it():
    values = SearchSpace({"units": (32, 64)}).declare(keras_tuner.HyperParameters())
    assert values["units"] == 32
    assert values["f_epo"] == 2
    assert values["learning_rate"] == 0.5
    assert values["des_std"] == 0.7


def test_one_value_fixes_a_setting():
    space = SearchSpace({"des_std": 0.9, "units": [64], "batch_size": 16})
    assert space.fixed == {"des_std": 0.9, "units": 64, "batch_size": 16}
    assert not {"des_std", "units", "batch_size"} & set(space.searched)
    config = space.config({"des_std": 1.4, "f_epo": 3})
    assert (config.des_std, config.units, config.batch_size, config.f_epo) == (0.9, 64, 16, 3)


def test_kinds_of_ranges():
    hyperparameters = keras_tuner.HyperParameters()
    SearchSpace({"units": Range(8, 16), "dropout": Range(0.0, 0.3)}).declare(hyperparameters)
    kinds = {each.name: type(each).__name__ for each in hyperparameters.space}
    assert (kinds["units"], kinds["dropout"], kinds["average"]) == ("Int", "Float", "Choice")
    rate = next(each for each in hyperparameters.space if each.name == "learning_rate")
    assert (rate.sampling, rate.min_value, rate.max_value) == ("log", 0.1, 1.0)


def first_config(search_space):
    """The settings of the first trial, and the hyperparameters of the search."""
    space, hyperparameters = SearchSpace(search_space), keras_tuner.HyperParameters()
    json.dumps(space.to_json())
    return space.config(space.declare(hyperparameters)), hyperparameters


@pytest.mark.parametrize("values", [(True, False), (False, True)])
def test_what_is_on_or_off_is_searched(values):
    for name, default in (("resplit", False), ("through_batch_factor", True)):
        config, hyperparameters = first_config({name: values})
        assert getattr(config, name) is default
        kinds = {each.name: type(each).__name__ for each in hyperparameters.space}
        assert kinds[name] == "Boolean"


def test_numbers_of_any_type_are_searched():
    for values in ((0.5, 1), np.array([0.5, 1.0]), (np.float32(0.5), 1.0)):
        config, _ = first_config({"des_std": values})
        assert (config.des_std, type(config.des_std)) == (0.5, float)
    for values in (np.array([32, 64]), (np.int64(32), 64.0), Range(np.int64(32), 64.0)):
        config, hyperparameters = first_config({"units": values})
        assert (config.units, type(config.units)) == (32, int)
        assert "units" in [each.name for each in hyperparameters.space]
    assert SearchSpace({"units": (32, 32)}).fixed == {"units": 32}


def test_a_range_of_a_setting_without_a_default_begins_at_its_lower_end():
    config, _ = first_config({"prior": "mixture", "prior_components": Range(2, 8)})
    assert config.prior_components == 2


def test_other_hyperparameters_are_left_aside():
    assert SearchSpace().config({"tuner/epochs": 3}).epochs == 12


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"gamma": 0.5}, "gamma is not a setting that a search can vary"),
        ({"epochs": 3}, "epochs is not a setting"),
        ({"units": []}, "units has no values"),
        ({"units": -3}, "units must be positive"),
        ({"units": Range(8, 16.5)}, "units is a whole number, and so are the ends of its range"),
        ({"prior": [None, "full"]}, "the values of prior are of several kinds"),
    ],
)
def test_refused(space, message):
    with pytest.raises(InputError, match=message):
        SearchSpace(space)


def test_adam_has_learning_rates_of_its_own():
    assert SearchSpace({"optimizer": ["adam"]}).searched["learning_rate"].high == 0.003
    assert SearchSpace(optimizer="adam").searched["learning_rate"].high == 0.003
    for of_transformers in ({"decoder": "transformer"}, {"encoder": ["transformer"]}):
        assert SearchSpace(of_transformers).searched["learning_rate"].high == 0.003
        sgd = SearchSpace(of_transformers, optimizer="sgd")
        assert sgd.searched["learning_rate"].high == 1.0
    assert SearchSpace(preset="transformer").searched["learning_rate"].high == 0.003
    lstm = {"encoder": "lstm", "decoder": "lstm"}
    assert SearchSpace(lstm, preset="transformer").searched["learning_rate"].high == 1.0
    both = {"optimizer": ["sgd", "adam"]}
    for space in (both, {"decoder": ["lstm", "transformer"]}):
        with pytest.raises(InputError, match=r"sgd and adam, .*, need learning rates of their own"):
            SearchSpace(space)
    space = SearchSpace({**both, "learning_rate": 0.01})
    assert space.config({"optimizer": "adam"}).learning_rate == 0.01


def test_refused_ranges():
    with pytest.raises(InputError, match="low < high"):
        Range(1, 1)
    with pytest.raises(InputError, match="must be positive"):
        Range(0, 1, log=True)
