import keras_tuner
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


def test_other_hyperparameters_are_left_aside():
    assert SearchSpace().config({"tuner/epochs": 3}).epochs == 12


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"gamma": 0.5}, "gamma is not a setting that a search can vary"),
        ({"epochs": 3}, "epochs is not a setting"),
        ({"units": []}, "units has no values"),
        ({"units": -3}, "units must be positive"),
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
