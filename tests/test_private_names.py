"""Names of Keras, TensorFlow and KerasTuner that are private, and that the package needs.

Each has a test that fails when a new version moves it or no longer uses it. The last tests find a
name that is not on the list.
"""

import ast
import importlib
import inspect
import pkgutil
from enum import Enum
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import scale_vae_keras
from scale_vae_keras.training.global_batches import GlobalBatches

pytestmark = [
    # KerasTuner uses old names of Python's threads.
    pytest.mark.filterwarnings("ignore:currentThread:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:getName:DeprecationWarning"),
]

TENSORFLOW = {
    *("_variant_tensor", "_inputs", "_create_resource"),
    *("_override_gradient_function", "_registry"),
}
KERAS = {"_maybe_symbolic_build", "_trainable_variables", "_non_trainable_variables"}
KERAS_TUNER = {
    *("_get_oracle_fname", "_get_trial_dir", "_get_tuner_fname", "_retry_queue", "_save_trial"),
}
PRIVATE_MODULES = {
    "keras_tuner.src.protos",
    "keras_tuner.src.distribute.oracle_chief",
    "tensorflow_text.python.ops.sentencepiece_tokenizer",
    "tensorflow.python.eager",
    "tensorflow.python.framework",
}
"""Modules whose contents have no public name."""

NAMED_TUPLE = {"_replace", "_asdict", "_fields", "_make"}
"""Public in spite of the underscore."""

BY_PYTHON = {"_abc_impl", "_is_protocol"}
"""What Python itself writes into classes."""


def test_keras_calls_maybe_symbolic_build(vae, data, monkeypatch):
    own = inspect.signature(type(vae)._maybe_symbolic_build).parameters
    assert list(own) == list(inspect.signature(keras.Model._maybe_symbolic_build).parameters)
    calls = []
    monkeypatch.setattr(
        type(vae), "_maybe_symbolic_build", lambda self, **named: calls.append(set(named))
    )
    vae.fit(data, shuffle=False, verbose=0)
    vae.evaluate(data, verbose=0)
    assert calls
    assert set.union(*calls) <= set(own)


def test_a_file_has_the_own_weights_of_a_model_in_order(vae):
    own = [*vae._trainable_variables, *vae._non_trainable_variables]
    store = {}
    vae.save_own_variables(store)
    assert list(store) == [str(number) for number in range(len(own))]
    for number, weight in enumerate(own):
        np.testing.assert_array_equal(store[str(number)], weight)


def test_a_dataset_is_its_variant_tensor(data):
    assert data._variant_tensor.dtype == tf.variant
    for one, other in zip(data, GlobalBatches(data), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_dataset_names_its_inputs(data):
    assert "_inputs" in tf.data.Dataset.__abstractmethods__
    assert GlobalBatches(data)._inputs() == [data]
    assert data._inputs()[0].element_spec.shape == data.element_spec.shape[1:]


def test_a_resource_is_made_by_create_resource():
    class Resource(tf.saved_model.experimental.TrackableResource):
        def _create_resource(self):
            return tf.constant(7)

    assert int(Resource().resource_handle) == 7


def test_the_operation_of_a_sentencepiece_model_takes_a_shared_name():
    module = importlib.import_module("tensorflow_text.python.ops.sentencepiece_tokenizer")
    operation = module.gen_sentencepiece_tokenizer.sentencepiece_op
    assert {"model", "shared_name"} <= set(inspect.signature(operation).parameters)


@pytest.fixture
def keras_tuner():
    return pytest.importorskip("keras_tuner", reason="needs the extra tune")


@pytest.fixture
def oracle(keras_tuner, tmp_path):
    """An oracle of KerasTuner itself, with a folder."""
    parameters = keras_tuner.HyperParameters()
    parameters.Int("width", 1, 100)
    oracle = keras_tuner.oracles.RandomSearchOracle(
        keras_tuner.Objective("loss", "min"), max_trials=9, hyperparameters=parameters, seed=1
    )
    oracle.verbose = 0
    keras_tuner.engine.base_tuner.BaseTuner(oracle, directory=tmp_path, project_name="search")
    return oracle


def test_an_oracle_is_saved_in_get_oracle_fname(oracle):
    path = Path(oracle._get_oracle_fname())
    assert not path.exists()
    oracle.save()
    assert path.is_file()


def test_a_trial_is_saved_by_save_trial_in_get_trial_dir(oracle, monkeypatch):
    saved = []
    save = oracle._save_trial
    monkeypatch.setattr(oracle, "_save_trial", lambda trial: (saved.append(trial), save(trial)))
    trial = oracle.create_trial("worker")
    assert saved == [trial]
    assert (Path(oracle._get_trial_dir(trial.trial_id)) / "trial.json").is_file()


def test_what_waits_in_retry_queue_is_tried_first(oracle):
    first = oracle.create_trial("first worker")
    assert oracle._retry_queue == []
    oracle._retry_queue.append(first.trial_id)
    assert oracle.create_trial("second worker") is first
    assert oracle._retry_queue == []


def test_a_tuner_goes_on_where_get_tuner_fname_exists(keras_tuner, oracle, tmp_path, capsys):
    path = tmp_path / "there.json"

    class Tuner(keras_tuner.engine.base_tuner.BaseTuner):
        reloaded = False

        def _get_tuner_fname(self):
            return str(path)

        def reload(self):
            self.reloaded = True

    arguments = {"directory": tmp_path, "project_name": "search"}
    assert not Tuner(oracle, **arguments).reloaded
    path.touch()
    assert Tuner(oracle, **arguments).reloaded


def test_the_chief_serves_an_oracle(keras_tuner):
    protos = importlib.import_module("keras_tuner.src.protos")
    chief = importlib.import_module("keras_tuner.src.distribute.oracle_chief")
    service = protos.get_service_grpc()
    assert inspect.isfunction(service.add_OracleServicer_to_server)
    assert issubclass(chief.OracleServicer, service.OracleServicer)

    class Oracle:
        def create_trial(self, tuner_id):
            values = keras_tuner.HyperParameters()
            return keras_tuner.engine.trial.Trial(values, trial_id="0", status="STOPPED")

    servicer = chief.OracleServicer(Oracle())
    assert not servicer.stop_triggered
    servicer.CreateTrial(protos.get_service().CreateTrialRequest(tuner_id="worker"), None)
    assert servicer.stop_triggered


TREES = [
    ast.parse(path.read_text()) for path in Path(scale_vae_keras.__file__).parent.rglob("*.py")
]


def is_private(name):
    return name.startswith("_") and not name.startswith("__")


def test_no_other_private_name_is_used():
    """What is read of an object and defined nowhere in the package belongs to a library."""
    used, defined = set(), set()
    for node in (node for tree in TREES for node in ast.walk(tree)):
        match node:
            case ast.Attribute(attr=name, ctx=ast.Store()):
                defined.add(name)
            case ast.Attribute(attr=name):
                used.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                defined.add(name)
            case ast.ClassDef(name=name) | ast.Name(id=name):
                defined.add(name)
    foreign = {name for name in used - defined if is_private(name)} - NAMED_TUPLE
    assert foreign <= KERAS | TENSORFLOW | KERAS_TUNER
    assert foreign >= {"_variant_tensor"}


def test_no_private_module_is_imported():
    imported = set()
    for node in (node for tree in TREES for node in ast.walk(tree)):
        match node:
            case ast.Import(names=names):
                imported |= {alias.name for alias in names}
            case ast.ImportFrom(module=module, names=names):
                imported |= {module, *(f"{module}.{alias.name}" for alias in names)}
    rooms = ("keras.src.", "tensorflow.python.", "tensorflow_text.python.", "keras_tuner.src.")
    found = {name for name in imported if name.startswith(rooms)}
    assert found >= PRIVATE_MODULES
    assert {name for name in found if not name.startswith(tuple(PRIVATE_MODULES))} == set()


def package_classes():
    for module in pkgutil.walk_packages(scale_vae_keras.__path__, f"{scale_vae_keras.__name__}."):
        try:
            members = vars(importlib.import_module(module.name)).values()
        except ImportError:  # needs an extra
            continue
        yield from (each for each in members if inspect.isclass(each))


def test_no_other_private_name_is_overridden():
    """A method of our own must not have the name of a private one of a base class by chance."""
    overridden = set()
    for cls in package_classes():
        own = cls.__module__.startswith(f"{scale_vae_keras.__name__}.")
        if own and not issubclass(cls, Enum):  # Python itself fills an Enum with private names
            foreign = [base for base in cls.__mro__ if not base.__module__.startswith("scale_vae")]
            overridden |= {
                name
                for name in vars(cls)
                if is_private(name) and any(name in vars(base) for base in foreign)
            }
    assert overridden - BY_PYTHON <= KERAS | TENSORFLOW | KERAS_TUNER
    assert {"_maybe_symbolic_build", "_inputs"} <= overridden
