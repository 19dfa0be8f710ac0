"""The curves of a run as a table."""

import os
from pathlib import Path

import keras
import pandas as pd

from scale_vae_keras.schedules.order import Stage
from scale_vae_keras.tables import write_csv


class HistoryTable(keras.callbacks.Callback):
    """Writes the logs of all epochs to a CSV file after each epoch, whole or not at all.

    Epochs count from 1.

    Args:
        path: the CSV file.
    """

    stage = Stage.TABLE

    def __init__(self, path: str | os.PathLike):
        super().__init__()
        self.path = Path(path)
        self.rows = []

    def on_epoch_end(self, epoch, logs=None):
        """Adds a row."""
        self.rows.append({"epoch": epoch + 1, **logs})
        # As text, so that a loss that is NaN is distinguished from a figure that an epoch lacks.
        shown = [{name: str(value) for name, value in row.items()} for row in self.rows]
        write_csv(self.path, pd.DataFrame(shown))

    def get_state(self) -> dict:
        """The state that a resumed run needs."""
        return {"rows": self.rows}

    def set_state(self, state: dict) -> None:
        """Restores what `get_state` returned."""
        self.rows = state["rows"]
