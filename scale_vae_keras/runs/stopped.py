"""Messages about a run that was stopped."""

import logging

from scale_vae_keras.errors import DivergedError
from scale_vae_keras.files import read_json
from scale_vae_keras.runs.checkpoint_folder import checkpoints, position, read_state
from scale_vae_keras.runs.run_folder import RunFolder

_logger = logging.getLogger("scale_vae_keras")


def say_why_it_stopped(folder: RunFolder) -> None:
    """Warns of the reason that an earlier training gave up for, which is then forgotten."""
    path = folder.stopped_path
    if path.exists():
        reason = read_json(path, "remove it to train on", "reason")["reason"]
        _logger.warning("the run had stopped before: %s", reason)
        path.unlink()


def what_is_saved(folder: RunFolder, error: Exception | None = None) -> str:
    """Up to where a run is saved, in which stage it is, and how to continue after an error."""
    saved = checkpoints(folder.checkpoints)
    pretraining = _is_pretraining(folder, saved)
    if isinstance(error, DivergedError) and not folder.model_path.exists():
        what = "the autoencoder's pretraining" if pretraining else "training"
        return (
            f"{what} has diverged before there was a model to keep: start again in another folder "
            f"with a --learning-rate below {folder.config.learning_rate:g}"
        )
    if not saved:
        return (
            f"nothing was saved yet; start again with --resume --output {folder.path}, or with "
            "other settings in another folder"
        )
    epochs, steps = position(saved[-1])
    within = f" and {steps} steps of the next" if steps else ""
    first = folder.config.first_epochs
    if pretraining:
        held = (
            f"epoch {epochs}{within}, of at most {first} in which the autoencoder is pretrained, "
            "and no model to use before they are over"
        )
    else:
        within += ", those of pretraining counted," if first else ""
        best = "the best model so far" if folder.model_path.exists() else "no model to use yet"
        held = f"epoch {epochs}{within} and {best}"
    return f"{folder.path} holds {held}; continue with --resume --output {folder.path}"


def _is_pretraining(folder, saved) -> bool:
    """Whether the epoch after the last checkpoint is one of pretraining, which may end early."""
    config = folder.config
    if not saved or position(saved[-1])[0] >= config.first_epochs:
        return not saved and config.first_epochs > 0
    decays = config.pretrain_decays
    if not decays:
        return True
    return read_state(saved[-1])["callbacks"]["AutoencoderPretraining"]["done"] < decays
