"""The cost of training a run."""

import math

from scale_vae_keras.runs.checkpoint_folder import checkpoints, read_state
from scale_vae_keras.runs.run_folder import RunFolder


def training_cost(folder: RunFolder) -> dict[str, float]:
    """The figures of `metrics.COST` of a run that has trained, by name.

    A run may end before its limit of epochs; epochs of pretraining count. What a version of this
    package did not record is NaN.
    """
    state = read_state(checkpoints(folder.checkpoints)[-1])
    to_best = state.get("to_best", {})
    return {
        "epochs": state["epochs"],
        "best_epoch": state["callbacks"]["best"]["best_epoch"] + 1,
        "seconds": round(state["seconds"]),
        "cpu_seconds": round(state["cpu_seconds"]),
        "steps_to_best": to_best.get("trained_steps", math.nan),
        "cpu_seconds_to_best": round(to_best.get("cpu_seconds", math.nan), 0),
    }
