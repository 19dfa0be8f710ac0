"""The runs that a command measures."""

from collections.abc import Iterable

from scale_vae_keras.commands.console import distinct_runs
from scale_vae_keras.runs.run_folder import RunFolder


def trained_runs(paths: Iterable[str], latent: bool = False) -> list[str]:
    """Distinct runs; all have a model, so that none fails when others were measured already.

    Args:
        paths: the run folders.
        latent: whether they must have a latent code.

    Raises:
        InputError: a folder is no run, or has no such model.
    """
    runs = distinct_runs(paths)
    for path in runs:
        RunFolder(path).check_model(latent)
    return runs
