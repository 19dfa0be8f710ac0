"""What two runs are compared by."""

import hashlib
import io
import json
import zipfile
from pathlib import Path

import h5py


def run_hashes(run: Path) -> dict[str, object]:
    """SHA-256 of each weight and optimizer variable, last and best, and of history.csv; states."""
    last = max((run / "checkpoints").glob("epoch-*"))
    state = json.loads((last / "state.json").read_text(encoding="utf-8"))
    return {
        "last": weight_hashes(last / "model.keras"),
        "best": weight_hashes(run / "model.keras"),
        "history": hashlib.sha256((run / "history.csv").read_bytes()).hexdigest(),
        "callbacks": state["callbacks"],
        "running_means": state["running_means"],
        "position": (state["epochs"], state["steps"], state["stopped"]),
    }


def weight_hashes(path: Path) -> dict[str, str]:
    """SHA-256 of each array in a `.keras` file."""
    hashes = {}

    def add(name, item):
        if isinstance(item, h5py.Dataset):
            hashes[name] = hashlib.sha256(item[()].tobytes()).hexdigest()

    with (
        zipfile.ZipFile(path) as archive,
        h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as weights,
    ):
        weights.visititems(add)
    assert hashes
    return hashes
