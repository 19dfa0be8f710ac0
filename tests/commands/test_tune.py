"""From the words of the command line to the settings of a search."""

import pytest

from scale_vae_keras.commands import tune
from scale_vae_keras.commands.main import parse
from scale_vae_keras.errors import InputError
from scale_vae_keras.runs.config import RunConfig
from scale_vae_keras.tuning import search


@pytest.fixture
def settings_of(monkeypatch):
    """The settings that a command line asks to search."""
    asked = []
    monkeypatch.setattr(search, "search", lambda *given: asked.append(given))
    monkeypatch.setattr(tune, "show", lambda directory: None)

    def settings(*words):
        tune.run(parse(["tune", "reviews", "--output", "DIR", *words]))
        settings, output, cache = asked.pop()
        assert (output, cache) == ("DIR", "C" if "--cache" in words else None)
        return settings

    return settings


def test_defaults(settings_of):
    settings = settings_of()
    assert (settings.data, settings.tuner, settings.trials) == ("reviews", "random", 12)
    assert (settings.objective, settings.grid, settings.epochs) == ("elbo_nll", None, None)
    assert settings.seed == RunConfig.seed
    assert settings.space().default["epochs"] == 12


def test_the_grid_alone_is_the_grid_alone(settings_of):
    settings = settings_of("--grid", "table3")
    assert (settings.tuner, settings.grid, settings.trials) == ("grid", "table3", 9)


def test_a_tuner_goes_on_after_the_grid(settings_of):
    settings = settings_of("--grid", "table3", "--tuner", "random", "--trials", "13")
    assert (settings.tuner, settings.grid, settings.trials) == ("random", "table3", 13)


def test_values_have_the_type_of_their_setting(settings_of):
    settings = settings_of("--fix", "learning_rate=1", "units=8,16", "average=pooled")
    assert settings.search_space == {
        "learning_rate": [1.0],
        "units": [8, 16],
        "average": ["pooled"],
    }
    assert isinstance(settings.search_space["learning_rate"][0], float)
    space = settings.space()
    assert (space.fixed["average"], space.searched["units"]) == ("pooled", (8, 16))


def test_the_rest(settings_of):
    words = (
        "--cache C --epochs 3 --train-limit 100 --seed 5 --preset paper --objective elbo_nll-1*mi"
    )
    settings = settings_of(*words.split())
    config = settings.space().config({})
    assert (config.epochs, config.train_limit, config.seed) == (3, 100, 5)
    assert (config.preset, config.embedding_dim) == ("paper", 512)
    assert settings.objective == "elbo_nll-1*mi"


def test_a_corpus_that_is_not_there_is_refused_before_any_trial(tmp_path):
    output = tmp_path / "search"
    words = ["tune", str(tmp_path / "nowhere"), "--output", str(output), "--preset", "small"]
    with pytest.raises(InputError, match=r"there is no folder .*nowhere"):
        tune.run(parse(words))
    assert not output.exists()


def test_a_folder_without_a_search_is_named(tmp_path):
    with pytest.raises(InputError) as error:
        tune.run(parse(["tune", str(tmp_path), "--show"]))
    assert str(error.value) == f"{tmp_path} is not the folder of a search: it has no search.json"


def test_what_showing_would_ignore_is_refused(tmp_path):
    words = ["--debug", "tune", str(tmp_path), "--show", "--trials=3", "--fix", "units=3"]
    with pytest.raises(InputError) as error:
        tune.run(parse(words))
    assert str(error.value) == "--show only shows what there is: leave --trials=3, --fix out"


def test_a_pattern_may_hold_commas(settings_of):
    space = settings_of("--fix", "tokenizer=regex", "pattern=[a-z]{1,3}|.").search_space
    assert space == {"tokenizer": ["regex"], "pattern": ["[a-z]{1,3}|."]}


@pytest.mark.parametrize("written", ["elbo_nll-0.5*mi", "elbo_nll - .5 * mi"])
def test_an_objective_has_one_spelling(settings_of, written):
    assert settings_of("--objective", written).objective == "elbo_nll-0.5*mi"
