"""Run folders that look trained, without the training."""

import json
import shutil

from scale_vae_keras.runs.build_model import build_model
from scale_vae_keras.runs.checkpoint_folder import (
    checkpoints,
    new_checkpoint,
    position,
    read_state,
)
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.runs.same_run import describe_run
from scale_vae_keras.runs.train import Run


def finish_untrained(run: Run, trained: RunFolder) -> None:
    """Gives a run that has been started what one that has ended has.

    History and the state of the checkpoint are those of `trained`. Of the same method its weights
    are, too; of another they are random.
    """
    folder, config = run.folder, run.folder.config
    model = build_model(config, len(folder.tokenizer.vocabulary), folder.labels)
    if config.method == trained.config.method:
        model.set_weights(trained.load_model().get_weights())
    model.save(folder.model_path)
    shutil.copy(trained.history_path, folder.history_path)
    last = checkpoints(trained.checkpoints)[-1]
    state = {**read_state(last), "run": describe_run(config)}
    folder.checkpoints.mkdir()
    with new_checkpoint(folder.checkpoints, *position(last)) as path:
        shutil.copy(folder.model_path, path)
        (path / "state.json").write_text(json.dumps(state))
