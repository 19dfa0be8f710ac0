"""The private names of other libraries that docs/architecture.md lists are where they were.

A failure means that a new version of a library has moved a name: see the page for where it is used.
"""

import importlib
import inspect
import re
from pathlib import Path

import keras
import keras_tuner
import pytest
import tensorflow as tf

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
SECTION = PAGE[PAGE.index("## Private names") :]
ROWS = [line.split("|")[1:3] for line in SECTION.splitlines() if line.startswith("| `")]
NAMES = [name for cell, _ in ROWS for name in re.findall(r"`([\w.]+)`", cell)]
ATTRIBUTES = {"keras_tuner.Oracle._retry_queue"}  # of instances, not of the class


def resolved(name: str) -> object:
    """What a dotted name stands for; modules on its way are imported."""
    first, *rest = name.split(".")
    place = importlib.import_module({"tf": "tensorflow"}.get(first, first))
    path = place.__name__
    for part in rest:
        path = f"{path}.{part}"
        if not hasattr(place, part):
            importlib.import_module(path)
        place = getattr(place, part)
    return place


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ATTRIBUTES])
def test_the_name_is_there(name):
    assert resolved(name) is not None


def test_an_oracle_has_the_attributes():
    oracle = keras_tuner.oracles.RandomSearchOracle(max_trials=1)
    assert oracle._retry_queue == []
    assert oracle.ongoing_trials == {}
    assert oracle.start_order == oracle.end_order == []
    assert len(oracle.tuner_ids) == 0


def test_what_is_overridden_has_the_same_parameters():
    build = inspect.signature(keras.Model._maybe_symbolic_build).parameters
    assert list(build) == ["self", "iterator", "data_batch"]
    assert list(inspect.signature(keras_tuner.Oracle._save_trial).parameters) == ["self", "trial"]
    assert list(inspect.signature(tf.data.Dataset._inputs).parameters) == ["self"]


@pytest.mark.parametrize("cells", ROWS, ids=lambda cells: cells[0].strip())
def test_the_list_says_where_the_name_is_used(cells):
    names, places = (re.findall(r"`([\w./]+)`", cell) for cell in cells)
    used = "".join(
        (ROOT / "scale_vae_keras" / place).read_text(encoding="utf-8") for place in places
    )
    for name in names:
        assert re.search(rf"\b{name.rsplit('.', 1)[-1]}\b", used)


def test_no_other_module_of_another_library_is_private():
    private = re.compile(
        r"^\s*(?:from|import) ((?:keras|keras_tuner|tensorflow)\.(?:src|python)\S*)"
    )
    files = (ROOT / "scale_vae_keras").rglob("*.py")
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    used = {match[1] for line in lines if (match := private.match(line))}
    assert all(any(name.startswith(f"{module}.") for name in NAMES) for module in used), used
