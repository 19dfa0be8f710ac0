"""What the environment says of a search by several processes."""

import itertools

import pytest

from scale_vae_keras.errors import InputError

pytest.importorskip("keras_tuner", reason="needs the extra tune")

from scale_vae_keras.tuning.chief import is_search_chief, is_worker

VARIABLES = {
    "KERASTUNER_TUNER_ID": "worker0",
    "KERASTUNER_ORACLE_IP": "127.0.0.1",
    "KERASTUNER_ORACLE_PORT": "8000",
}


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_chief_worker_and_neither(monkeypatch):
    assert (is_search_chief(), is_worker()) == (False, False)
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    assert (is_search_chief(), is_worker()) == (False, True)
    monkeypatch.setenv("KERASTUNER_TUNER_ID", "chief")
    assert (is_search_chief(), is_worker()) == (True, False)


@pytest.mark.parametrize(
    "given", [each for size in (1, 2) for each in itertools.combinations(VARIABLES, size)]
)
def test_some_of_the_variables_are_too_few(given, monkeypatch):
    """A process that took itself for the only one would search in the folder of the others."""
    for name in given:
        monkeypatch.setenv(name, VARIABLES[name])
    missing = next(name for name in VARIABLES if name not in given)
    for asked in (is_search_chief, is_worker):
        with pytest.raises(InputError, match=f"set {missing} too"):
            asked()
