"""The examples in docstrings run."""

import doctest
import importlib
import inspect
import pkgutil

import keras
import numpy as np
import pytest
import tensorflow as tf

import scale_vae_keras as sv

ROOMS = (
    *("callbacks", "data", "evaluation", "layers", "models", "parts", "priors", "samplers"),
    *("schedules", "text"),
)


PUBLIC_ROOMS = ("conditions", "control", "serving", "tuning")
"""Further rooms with public classes, whose examples need more than a few lines to run."""


def modules():
    for room in ROOMS:
        package = importlib.import_module(f"{sv.__name__}.{room}")
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            yield importlib.import_module(found.name)


def examples():
    finder = doctest.DocTestFinder(exclude_empty=True)
    for module in modules():
        for test in finder.find(module, module.__name__):
            if test.examples:
                yield pytest.param(test, id=test.name.removeprefix("scale_vae_keras."))


@pytest.mark.parametrize("example", list(examples()))
def test_an_example_gives_what_it_shows(example, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if example.name.endswith((".HubTokenizer", ".BackboneEncoder")):
        pytest.importorskip("keras_hub", reason="needs the extra hub")
        importlib.import_module("hub_preset").make_preset(tmp_path / "bert")
    if example.name.endswith((".Dci", ".TextClassifier")):
        pytest.importorskip("sklearn", reason="needs the extra control")
    example.globs = {**example.globs, "sv": sv, "keras": keras, "np": np, "tf": tf}
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    said = []
    runner.run(example, out=said.append)
    assert not runner.failures, "".join(said)


def public_names(package):
    return [getattr(package, name) for name in getattr(package, "__all__", ())]


def test_every_public_class_has_an_example():
    public = {
        each
        for room in (*PUBLIC_ROOMS, *ROOMS)
        for each in public_names(importlib.import_module(f"{sv.__name__}.{room}"))
        if inspect.isclass(each) and each.__module__.startswith(f"{sv.__name__}.")
    }
    silent = {c.__name__ for c in public if ">>>" not in (c.__doc__ or "")}
    assert silent == set()
