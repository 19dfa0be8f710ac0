"""What is refused before TensorFlow Serving is started."""

import pytest

from scale_vae_keras.errors import InputError
from scale_vae_keras.serving.launcher import STOCK_SERVER, serve


@pytest.fixture
def models(tmp_path, monkeypatch):
    """A folder with a version, and a server on PATH that must not be started."""
    stock = tmp_path / "bin" / STOCK_SERVER
    stock.parent.mkdir()
    stock.write_text("#!/bin/sh\n")
    stock.chmod(0o755)
    monkeypatch.setenv("PATH", str(stock.parent))
    monkeypatch.setattr("os.execv", lambda *_: pytest.fail("the server was started"))
    (tmp_path / "models" / "1").mkdir(parents=True)
    return tmp_path / "models"


@pytest.mark.parametrize("options", [{"labels": {"stable": 1}}, {"versions": 2}])
def test_options_that_it_does_not_take(models, options):
    with pytest.raises(InputError, match="takes labels and versions from a file of its own"):
        serve(models, rest_port=0, grpc_port=0, **options)


def test_a_folder_without_a_version(models):
    for folder in (models / "1", models / "missing"):
        with pytest.raises(InputError, match="holds no version of a model: export one to it first"):
            serve(folder, rest_port=0, grpc_port=0)
