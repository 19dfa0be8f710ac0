"""A run that was stopped ends like one that was not: bit for bit."""

import json
import logging
import shutil
from pathlib import Path

import keras
import made_runs
import numpy as np
import pytest
from made_corpora import LINES
from run_hashes import run_hashes

from scale_vae_keras.cache import split_cache
from scale_vae_keras.callbacks import aggressive_training
from scale_vae_keras.errors import InputError
from scale_vae_keras.runs import train as train_module
from scale_vae_keras.runs.build_model import build_model
from scale_vae_keras.runs.checkpoint_folder import checkpoints, read_state
from scale_vae_keras.runs.train import Run
from scale_vae_keras.schedules import autoencoder_pretraining

# A training split of seven full batches of 16 and one of 13.
CORPUS = {"train": LINES * 6 + LINES[:5]}
SCALE = {"f_epo": 1, "average": "median", "resplit": True, "word_dropout": 0.1}
PLATEAU = {"decay": "plateau", "decay_start": 0, "decay_patience": 1, "learning_rate": 9.0}


class PowerCutError(BaseException):
    """Ends training as a signal would, without any callback being told."""


class PowerCut(keras.callbacks.Callback):
    """Stops training at the end of a step, or of a validation."""

    def __init__(self, epoch, at):
        super().__init__()
        self.at = (epoch, at)

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.at:
            raise PowerCutError

    def on_test_end(self, logs=None):
        if (self.epoch, "validation") == self.at:
            raise PowerCutError


def leave_out_what_only_tells(patch):
    """The log for TensorBoard, and the sentences that the last epoch's verdict draws."""
    patch.setattr(train_module, "tensorboard_callbacks", lambda *arguments: [])
    patch.setattr(train_module, "training_verdict", lambda *arguments: [])


@pytest.fixture(autouse=True)
def _without_what_only_tells(monkeypatch):
    leave_out_what_only_tells(monkeypatch)


def start(corpus, output, method="scale", **settings):
    return made_runs.start(corpus, output, method, **{"epochs": 2, **settings})


def stop(run, *cut):
    """Trains with a checkpoint every three steps, and is stopped."""
    with pytest.raises(PowerCutError):
        run.fit(verbose=0, profile=PowerCut(*cut), save_steps=3)


def finish(run):
    run.fit(verbose=0)
    return run_hashes(run.folder.path)


@pytest.fixture(scope="module")
def whole(corpus):
    """The hashes of a run that was never stopped."""
    with pytest.MonkeyPatch.context() as patch:
        leave_out_what_only_tells(patch)
        return finish(start(corpus, corpus.parent / "whole", **SCALE, **PLATEAU))


@pytest.fixture(scope="module")
def stopped(corpus, whole):
    """A run that was stopped after the seventh step of its second epoch."""
    folder = corpus.parent / "stopped"
    with pytest.MonkeyPatch.context() as patch:
        leave_out_what_only_tells(patch)
        stop(start(corpus, folder, **SCALE, **PLATEAU), 1, 6)
    assert [path.name for path in checkpoints(folder / "checkpoints")] == [
        "epoch-0001-step-000003",
        "epoch-0001-step-000006",
    ]
    return folder


@pytest.fixture
def parts(stopped, tmp_path):
    """A copy of the stopped run."""
    return Path(shutil.copytree(stopped, tmp_path / "run"))


def test_a_run_stopped_in_an_epoch_and_in_a_validation_ends_like_the_whole_one(parts, whole):
    stop(Run.resume(parts), 1, "validation")
    assert finish(Run.resume(parts)) == whole
    assert whole["position"] == (2, 0, False)


def test_a_run_that_goes_on_with_a_cache_ends_like_one_in_memory(
    parts, whole, tmp_path, monkeypatch
):
    cache = tmp_path / "cache"
    assert Run.resume(parts, cache=cache).train.sentences == len(CORPUS["train"])
    monkeypatch.setattr(split_cache, "encoded_blocks", None)
    run = Run.resume(parts, cache=cache)
    assert isinstance(run.train, split_cache.StoredSplit)
    assert finish(run) == whole


def test_a_damaged_checkpoint_is_named_and_the_one_before_is_used(parts, whole, caplog):
    path = parts / "checkpoints" / "epoch-0001-step-000006" / "model.keras"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    (parts / "model.keras").write_bytes(b"half a mod")
    with caplog.at_level(logging.WARNING, "scale_vae_keras"):
        run = Run.resume(parts)
        stop(run, 1, 4)
    assert "epoch-0001-step-000006 is not used: its model.keras is not what" in caplog.messages[0]
    assert [path.name for path in checkpoints(parts / "checkpoints")] == ["epoch-0001-step-000003"]
    assert finish(Run.resume(parts)) == whole


OTHERS = {
    "agg": ({"learning_rate": 1.0}, (1, 4)),
    "li2019": (
        {"pretrain_epochs": 1, "pretrain_decays": 1, "epochs": 1, "decay_start": 0}
        | {"optimizer": "adam"},
        (1, 4),
    ),
    "lm": ({"epochs": 1, "optimizer": "adam"}, (0, 4)),
    "bn": ({"epochs": 1, "precision": "mixed_float16"}, (0, 4)),
}


@pytest.mark.parametrize("method", OTHERS)
def test_other_systems(method, corpus, tmp_path, monkeypatch):
    # Of up to 99 steps of the encoder; the losses are compared after 30.
    monkeypatch.setattr(aggressive_training, "_MOST_STEPS", 33)
    settings, cut = OTHERS[method]
    uninterrupted = finish(start(corpus, tmp_path / "whole", method, **settings))
    stop(start(corpus, tmp_path / "parts", method, **settings), *cut)
    assert finish(Run.resume(tmp_path / "parts")) == uninterrupted


def test_no_whole_checkpoint_is_no_silent_restart(parts):
    for state in parts.glob("checkpoints/*/state.json"):
        state.write_text("")
    with pytest.raises(InputError, match=r"no checkpoint in .* is whole: restore one from a copy"):
        Run.resume(parts).fit(verbose=0)


def change_config(folder, **settings):
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **settings}))


def test_changed_settings_are_refused_and_named(parts):
    change_config(parts, learning_rate=0.25, kl_start=0.5)
    with pytest.raises(
        InputError, match=r"learning_rate was 9.0 and is 0.25; kl_start was 0.1 and is 0.5; put it"
    ):
        Run.resume(parts).fit(verbose=0)


def test_a_changed_corpus_is_refused(corpus, tmp_path):
    own = Path(shutil.copytree(corpus, tmp_path / "corpus"))
    start(own, tmp_path / "run")
    (own / "valid.txt").write_text("\n".join(LINES[1:]))
    before = (tmp_path / "run" / "config.json").read_bytes()
    with pytest.raises(InputError, match=r"is not the one of the run: the SHA-256"):
        Run.resume(tmp_path / "run", epochs=9)
    assert (tmp_path / "run" / "config.json").read_bytes() == before


def test_another_version_of_a_library_is_a_warning(parts, caplog):
    recorded = read_state(checkpoints(parts / "checkpoints")[-1])["run"]
    recorded["versions"]["keras"] = "3.0.0"
    with caplog.at_level(logging.WARNING, "scale_vae_keras"):
        train_module.check_same_run(recorded, Run.resume(parts).folder.config)
    [message] = caplog.messages
    assert message.startswith(f"the run was trained with keras 3.0.0, now {keras.__version__}")


def test_more_epochs_are_allowed(parts):
    run = Run.resume(parts, epochs=3)
    with pytest.raises(PowerCutError):
        run.fit(verbose=0, profile=PowerCut(2, 0))
    assert checkpoints(parts / "checkpoints")[-1].name == "epoch-0002"


def test_too_many_skipped_steps_stop_the_run_which_can_go_on(corpus, tmp_path, monkeypatch, caplog):
    def broken(*arguments):
        model = build_model(*arguments)
        kernel = model.gaussian_posterior.kernel
        kernel.assign(np.full_like(kernel, np.nan))
        return model

    run = start(corpus, tmp_path / "run", "vae", epochs=1)
    with monkeypatch.context() as patch:
        patch.setattr(train_module, "build_model", broken)
        with pytest.raises(InputError, match=r"^8 of the first 8 steps of epoch 1 .* --resume"):
            run.fit(verbose=0)
    assert (tmp_path / "run" / "stopped.json").exists()
    with caplog.at_level(logging.WARNING, "scale_vae_keras"):
        Run.resume(tmp_path / "run").fit(verbose=0)
    said = [message for message in caplog.messages if "sentences" not in message]
    assert "has no checkpoint yet: training starts from the beginning" in said[0]
    assert said[1].startswith("the run had stopped before: 8 of the first 8 steps")
    assert not (tmp_path / "run" / "stopped.json").exists()
    assert checkpoints(tmp_path / "run" / "checkpoints")[-1].name == "epoch-0001"


def test_pretraining_that_ended_early_leaves_a_run_that_takes_more_epochs(
    corpus, tmp_path, monkeypatch
):
    monkeypatch.setattr(autoencoder_pretraining.Plateau, "reached", lambda *arguments: True)
    settings = {"pretrain_epochs": 3, "pretrain_decays": 1, "optimizer": "adam"}
    whole = finish(start(corpus, tmp_path / "whole", "li2019", **settings))
    run = start(corpus, tmp_path / "parts", "li2019", epochs=1, **settings)
    once = finish(run)
    # One epoch of pretraining and one of the VAE; the whole run has one more.
    assert (once["position"][0], whole["position"][0]) == (2, 3)
    assert finish(Run.resume(tmp_path / "parts")) == once
    assert finish(Run.resume(tmp_path / "parts", epochs=2)) == whole
