"""What an exported version says of its run."""

import os
from pathlib import Path

import pytest
from older_files import unpack_older_files

from scale_vae_keras.errors import InputError
from scale_vae_keras.runs import export as module


@pytest.fixture
def described(tmp_path, monkeypatch):
    """Exports a run, up to what its description says of its metrics."""
    monkeypatch.chdir(unpack_older_files(tmp_path))
    monkeypatch.setattr(module, "publish", lambda *arguments: arguments[-1]["metrics"])
    return lambda: module.export("run", "served")


def test_metrics_of_an_earlier_model_are_said_to_be_old(described, caplog):
    path = Path("run", "metrics.json")
    path.write_text('{"mi": 1.5}')
    assert described() == {"mi": 1.5}
    assert caplog.messages == []
    os.utime(path, (1, 1))
    assert described() == {"mi": 1.5}
    assert caplog.messages == [f"{path} is older than model.keras: run scale-vae evaluate again"]


@pytest.mark.parametrize("content", ["", "{", "3"])
def test_metrics_that_cannot_be_read_are_named(described, content):
    Path("run", "metrics.json").write_text(content)
    with pytest.raises(InputError, match=r"metrics\.json cannot be read: run scale-vae evaluate"):
        described()
