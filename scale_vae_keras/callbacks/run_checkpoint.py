"""What a run needs to go on after it was stopped."""

import json
import os
import shutil
import time
from pathlib import Path

import keras

from scale_vae_keras.files import write_json, written_whole

_KEPT = 2


class RunCheckpoint(keras.callbacks.Callback):
    """Saves model, optimizer and the state of the other callbacks after each epoch.

    Each checkpoint is a folder `epoch-0001` with `model.keras` and `state.json` that appears at
    once and whole; the last two are kept. Place it last.

    Args:
        folder: where checkpoints go.
        stateful: callbacks with `get_state` and `set_state`, by name.
        seconds: time that the run took before it was resumed.
        cpu_seconds: time of all processors that it took before it was resumed.
    """

    def __init__(
        self,
        folder: str | os.PathLike,
        stateful: dict[str, keras.callbacks.Callback],
        seconds: float = 0.0,
        cpu_seconds: float = 0.0,
    ):
        super().__init__()
        self.folder = Path(folder)
        self.stateful = stateful
        self.seconds = seconds
        self.cpu_seconds = cpu_seconds

    def on_train_begin(self, logs=None):
        """Starts the clocks."""
        self._started = time.monotonic() - self.seconds
        self._cpu_started = time.process_time() - self.cpu_seconds

    def on_epoch_end(self, epoch, logs=None):
        """Saves."""
        self.seconds = time.monotonic() - self._started
        self.cpu_seconds = time.process_time() - self._cpu_started
        self.folder.mkdir(exist_ok=True)
        with written_whole(self.folder / f"epoch-{epoch + 1:04d}") as temporary:
            temporary.mkdir()
            self.model.save(temporary / "model.keras")
            write_json(
                temporary / "state.json",
                {
                    "epochs": epoch + 1,
                    "seconds": self.seconds,
                    "cpu_seconds": self.cpu_seconds,
                    "stopped": bool(self.model.stop_training),
                    "callbacks": {n: c.get_state() for n, c in self.stateful.items()},
                },
            )
        for old in checkpoints(self.folder)[:-_KEPT]:
            shutil.rmtree(old)


def checkpoints(folder: str | os.PathLike) -> list[Path]:
    """The checkpoints of a folder, oldest first."""
    return sorted(Path(folder).glob("epoch-[0-9]*"))


def read_state(checkpoint: Path) -> dict:
    """The state that a checkpoint holds beside the model."""
    return json.loads((checkpoint / "state.json").read_text(encoding="utf-8"))
