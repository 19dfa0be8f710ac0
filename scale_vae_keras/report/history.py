"""The history of a run, as its report shows it."""

from pathlib import Path

import pandas as pd

from scale_vae_keras.errors import InputError
from scale_vae_keras.tables import read_csv


def read_history(path: Path) -> pd.DataFrame:
    """The figures of each epoch, float, missing where an epoch lacks one; the index is the epoch.

    Args:
        path: `history.csv` of a run.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        return read_csv(path).set_index("epoch").astype("Float64")
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path} cannot be read: {error}; train the run on or anew") from error
