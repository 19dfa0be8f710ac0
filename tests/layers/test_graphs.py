"""Graphs of the package's own parts are made without AutoGraph."""

import ast
from pathlib import Path

import keras

import scale_vae_keras
from scale_vae_keras.layers import LSTMEncoder
from scale_vae_keras.layers.graphs import needs_autograph

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
