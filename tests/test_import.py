import os
import subprocess
import sys

import pytest


def run(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_importing_is_cheap_and_silent():
    result = run(
        "import sys, scale_vae_keras as sv; sv.__version__; dir(sv); sv.InputError;"
        "assert not {'tensorflow', 'keras', 'numpy'} & set(sys.modules), sorted(sys.modules)"
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_unknown_name():
    result = run("import scale_vae_keras as sv; sv.ScaleVAF")
    last = result.stderr.splitlines()[-1]
    assert last.startswith("AttributeError: module 'scale_vae_keras' has no attribute 'ScaleVAF'")


@pytest.mark.parametrize(
    "code", ["import scale_vae_keras as sv; sv.ScaleVAE", "import scale_vae_keras as sv; sv.models"]
)
def test_another_backend_is_refused(code):
    result = run(code, KERAS_BACKEND="jax")
    assert result.returncode == 1
    last = result.stderr.splitlines()[-1]
    assert last.startswith("ImportError: ")
    assert "KERAS_BACKEND=tensorflow" in last
    assert "jax" in last


def test_the_command_line_refuses_another_backend_in_one_line():
    code = (
        "import sys; from scale_vae_keras.commands import main; sys.exit(main.main(['data', 'x']))"
    )
    result = run(code, KERAS_BACKEND="torch")
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    assert "KERAS_BACKEND=tensorflow" in line


def test_looking_for_keras_does_not_undo_the_registration():
    result = run(
        "import importlib.util, sys, scale_vae_keras;"
        "found = importlib.util.find_spec('keras');"
        "assert found.origin.endswith('__init__.py'), found;"
        "import keras;"
        "assert keras.saving.get_registered_object('scale_vae_keras>ScaleVAE') is not None;"
        "assert keras.__spec__.name == 'keras' and keras.__file__ == found.origin;"
        "import keras.layers, importlib; importlib.import_module('keras.ops')"
    )
    assert result.returncode == 0, result.stderr
