"""Runs of tiny models: their settings, and folders with a trained model or one that looks so."""

import json
import shutil

from scale_vae_keras.runs.build_model import build_model
from scale_vae_keras.runs.checkpoint_folder import (
    checkpoints,
    new_checkpoint,
    position,
    read_state,
)
from scale_vae_keras.runs.config import RunConfig, configure
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.runs.same_run import describe_run
from scale_vae_keras.runs.train import Run

SIZES = {"embedding_dim": 4, "units": 5, "latent_dim": 3, "batch_size": 16}


def tiny_config(data, method="vae", **settings) -> RunConfig:
    """The settings of a run of a tiny model, with those that are given in place of its own."""
    sizes = {k: v for k, v in SIZES.items() if k != "latent_dim" or method != "lm"}
    return configure(str(data), method, "small", **{**sizes, **settings})


def start(corpus, output, method="vae", **settings) -> Run:
    """Starts a run, which is not trained yet."""
    return Run.start(tiny_config(corpus, method, **settings), output)


def train(corpus, output, method, epochs=2, **settings) -> RunFolder:
    """Trains a run."""
    run = start(corpus, output, method, epochs=epochs, **settings)
    run.fit(verbose=0)
    return run.folder


def save_untrained(run: Run, weights=None) -> RunFolder:
    """Gives a run that has been started a model, with random weights if none are given."""
    folder = run.folder
    model = build_model(folder.config, len(folder.tokenizer.vocabulary), folder.labels)
    if weights is not None:
        model.set_weights(weights)
    model.save(folder.model_path)
    return folder


def finish_untrained(run: Run, trained: RunFolder) -> None:
    """Gives a run that has been started all that one that has ended has.

    History and the state of the checkpoint are those of `trained`, and so are the weights if it
    is of the same method; else they are random.
    """
    same = run.folder.config.method == trained.config.method
    folder = save_untrained(run, trained.load_model().get_weights() if same else None)
    shutil.copy(trained.history_path, folder.history_path)
    last = checkpoints(trained.checkpoints)[-1]
    state = {**read_state(last), "run": describe_run(folder.config)}
    folder.checkpoints.mkdir()
    with new_checkpoint(folder.checkpoints, *position(last)) as path:
        shutil.copy(folder.model_path, path)
        (path / "state.json").write_text(json.dumps(state))
