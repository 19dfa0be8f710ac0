"""The folder of a search."""

import os
from pathlib import Path

from scale_vae_keras.errors import InputError
from scale_vae_keras.files import RESTORE, read_json
from scale_vae_keras.runs.run_folder import RunFolder


class SearchFolder:
    """Paths of a search.

    `search.json` (what is searched), `oracle/` (KerasTuner's state), `trials/` (a run folder for
    each trial) and `search.png`.

    Args:
        path: the folder.
    """

    def __init__(self, path: str | os.PathLike):
        self.path = Path(path)
        self.settings_path = self.path / "search.json"
        self.oracle = self.path / "oracle"
        self.picture_path = self.path / "search.png"

    def run(self, trial: str) -> RunFolder:
        """The run folder of a trial."""
        return RunFolder(self.path / "trials" / trial)

    def failure_path(self, trial: str) -> Path:
        """The file that says why a trial failed: the reason in a line, then the traceback."""
        return self.oracle / f"trial_{trial}" / "failure.txt"

    def settings(self) -> dict:
        """What `search.json` holds.

        Raises:
            InputError: there is no search here, or the file is broken.
        """
        if not self.settings_path.exists():
            raise InputError(
                f"{self.path} is not the folder of a search: it has no {self.settings_path.name}"
            )
        return read_json(self.settings_path, RESTORE, "objective", "epochs")
