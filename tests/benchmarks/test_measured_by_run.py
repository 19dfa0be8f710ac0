"""Systems that Tables 4 and 5 could not measure are refused before they are trained."""

import pytest

from scale_vae_keras.benchmarks.paper.measured_by_run import check_systems
from scale_vae_keras.errors import InputError
from scale_vae_keras.runs.config import configure


@pytest.mark.parametrize(
    ("table", "method", "settings", "message"),
    [
        (4, "lm", {}, "lm has no latent code: leave it out of Table 4"),
        (5, "lm", {}, "lm has no latent code: leave it out of Table 5"),
        (4, "vae", {"train_limit": 99}, "Table 4 needs 100 training sentences: raise train_limit"),
        (4, "sa", {"condition": "label"}, "Table 4 looks for labels in codes: leave the condition"),
        (
            4,
            "vae",
            {"condition": "label", "condition_encoder": True},
            "Table 4 looks for labels in codes: leave the condition",
        ),
        (5, "vae", {"tokenizer": "raw"}, "one judge for all systems: give all of them the same"),
    ],
)
def test_what_could_not_be_measured(table, method, settings, message):
    fits = configure("c", "vae", "base", tokenizer="words")
    check_systems(table, [fits], 10)
    with pytest.raises(InputError, match=message):
        check_systems(table, [fits, configure("c", method, "base", **settings)], 10)


def test_what_can_be_measured():
    fits = [
        configure("c", "vae", "base", train_limit=100),
        configure("c", "bn", "base", condition="label"),
    ]
    for table in (4, 5):
        check_systems(table, fits, 2)
    for sentences in (0, 1, 2.5):
        check_systems(4, fits, sentences)
        with pytest.raises(InputError, match="the number of sentences must be"):
            check_systems(5, fits, sentences)
