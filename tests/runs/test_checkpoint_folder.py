import json
import logging

import pytest

from scale_vae_keras.errors import InputError
from scale_vae_keras.runs.checkpoint_folder import checkpoints, last_good, new_checkpoint


def write(folder, epochs, steps=0, disk=lambda: None):
    with new_checkpoint(folder, epochs, steps) as checkpoint:
        (checkpoint / "model.keras").write_bytes(bytes(range(200)))
        disk()
        (checkpoint / "state.json").write_text(json.dumps({"epochs": epochs}))


@pytest.fixture
def folder(tmp_path):
    """Two checkpoints."""
    write(tmp_path, 1)
    write(tmp_path, 1, 30)
    return tmp_path


def names(paths):
    return [path.name for path in paths]


def test_the_manifest_describes_the_files(folder):
    manifest = json.loads((folder / "epoch-0001" / "manifest.json").read_text())
    assert manifest["files"]["model.keras"] == {
        "bytes": 200,
        "sha256": "1901da1c9f699b48f6b2636e65cbf73abf99d0441ef67f5c540a42f7051dec6f",
    }
    assert set(manifest["files"]) == {"model.keras", "state.json"}


def test_order_and_names(tmp_path):
    for epochs, steps in ((10_000, 0), (2, 0), (0, 7), (1, 9), (1, 1_000_000), (1, 0)):
        write(tmp_path, epochs, steps)
    (tmp_path / ".epoch-0003.abc.unfinished").mkdir()
    (tmp_path / "epoch-0004.bak").mkdir()
    assert names(checkpoints(tmp_path)) == [
        "epoch-0000-step-000007",
        "epoch-0001",
        "epoch-0001-step-000009",
        "epoch-0001-step-1000000",
        "epoch-0002",
        "epoch-10000",
    ]
    assert checkpoints(tmp_path / "missing") == []


def full():
    raise OSError("disk full")


def test_a_checkpoint_that_fails_is_not_there(folder):
    with pytest.raises(OSError, match="full"):
        write(folder, 2, disk=full)
    assert names(checkpoints(folder)) == ["epoch-0001", "epoch-0001-step-000030"]
    assert len(list(folder.iterdir())) == 2


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


DAMAGES = {
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "one bit flipped": flip,
    "empty": lambda path: path.write_bytes(b""),
    "missing": lambda path: path.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["model.keras", "state.json", "manifest.json"])
def test_the_one_before_a_damaged_checkpoint_is_used(folder, name, damage, caplog):
    caplog.set_level(logging.WARNING, "scale_vae_keras")
    assert last_good(folder).name == "epoch-0001-step-000030"
    assert caplog.messages == []
    DAMAGES[damage](folder / "epoch-0001-step-000030" / name)
    assert last_good(folder).name == "epoch-0001"
    [message] = caplog.messages
    assert "epoch-0001-step-000030 is not used: its " in message
    assert name in message or name == "manifest.json"


def test_every_byte_of_the_manifest_counts(folder):
    path = folder / "epoch-0001-step-000030" / "manifest.json"
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert last_good(folder).name == "epoch-0001", place
    path.write_bytes(content)
    assert last_good(folder).name == "epoch-0001-step-000030"


def test_all_damaged(folder):
    for checkpoint in checkpoints(folder):
        (checkpoint / "model.keras").write_bytes(b"")
    with pytest.raises(InputError, match=r"no checkpoint in .* is whole: restore one"):
        last_good(folder)


def test_none(tmp_path):
    assert last_good(tmp_path / "missing") is None
