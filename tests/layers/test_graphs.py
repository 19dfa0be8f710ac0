"""Graphs of the package's own parts are made without AutoGraph."""

import ast
from pathlib import Path

import keras

import scale_vae_keras
from scale_vae_keras.layers import LSTMEncoder
from scale_vae_keras.layers.graphs import comparable, needs_autograph

PACKAGE = Path(scale_vae_keras.__file__).parent


class OwnEncoder(LSTMEncoder):
    """A user's."""


def graphs_made(path):
    """The calls `tf.function(...)`, and the places that name it without a call."""
    tree = ast.parse(path.read_text())
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "tf.function"
    ]
    names = [node for node in ast.walk(tree) if ast.unparse(node) == "tf.function"]
    return calls, len(names) - len(calls)


def test_each_says_whether_autograph_reads_its_sources():
    """To read them takes ten times as long as to make the graph."""
    found = 0
    for path in PACKAGE.rglob("*.py"):
        calls, bare = graphs_made(path)
        assert not bare, path
        for call in calls:
            assert "autograph" in {keyword.arg for keyword in call.keywords}, (path, call.lineno)
        found += len(calls)
    assert found > 10


def test_custom_parts_are_read():
    own, of_keras = LSTMEncoder(9, 2, 3), keras.layers.Dense(2)
    assert not needs_autograph(own)
    assert needs_autograph(own, of_keras)
    assert needs_autograph(OwnEncoder(9, 2, 3))


class Settings:
    """Of a user's sampler: cannot be hashed."""

    __hash__ = None


def test_settings_are_compared_by_what_they_hold():
    assert comparable({4, 5}) == comparable({5, 4}) == comparable(frozenset([4, 5]))
    assert comparable([{4}, {"a": {5}}]) != comparable([{4}, {"a": {6}}])
    one = Settings()
    assert comparable(one) == comparable(one)
    assert comparable(one) != comparable(Settings())


def test_an_object_does_not_end_before_its_key():
    """Else another one may get its place in memory, and with it its graph."""
    keys = [comparable([Settings()]) for _ in range(20)]
    assert len(set(keys)) == 20
