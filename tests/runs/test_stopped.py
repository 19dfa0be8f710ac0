"""What is said of a run that was stopped: how far it is, in which stage, and how to go on."""

import json

import pytest

from scale_vae_keras.errors import DivergedError, InputError
from scale_vae_keras.files import write_json
from scale_vae_keras.runs.checkpoint_folder import new_checkpoint
from scale_vae_keras.runs.config import configure
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.runs.stopped import say_why_it_stopped, what_is_saved


@pytest.fixture
def stopped(tmp_path):
    """Makes the folder of a run as it lies there after it was stopped."""

    def stopped(method, epochs=None, steps=0, done=0, model=False, **settings):
        folder = RunFolder(tmp_path / "run")
        folder.path.mkdir()
        write_json(folder.config_path, configure("c", method, "small", **settings).to_json())
        if epochs is not None:
            folder.checkpoints.mkdir()
            with new_checkpoint(folder.checkpoints, epochs, steps) as checkpoint:
                state = {"callbacks": {"AutoencoderPretraining": {"done": done}}}
                (checkpoint / "state.json").write_text(json.dumps(state))
        if model:
            folder.model_path.touch()
        return folder

    return stopped


GO_ON = "continue with --resume --output RUN"
PRETRAINED = "in which the autoencoder is pretrained, and no model to use before they are over"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            {"method": "vae"},
            "nothing was saved yet; start again with --resume --output RUN, or with other settings "
            "in another folder",
        ),
        (
            {"method": "vae", "epochs": 2, "model": True},
            f"RUN holds epoch 2 and the best model so far; {GO_ON}",
        ),
        (
            {"method": "vae", "epochs": 0, "steps": 7},
            f"RUN holds epoch 0 and 7 steps of the next and no model to use yet; {GO_ON}",
        ),
        (
            {"method": "li2019", "epochs": 2},
            f"RUN holds epoch 2, of at most 3 {PRETRAINED}; {GO_ON}",
        ),
        (
            {"method": "li2019", "epochs": 2, "steps": 5},
            f"RUN holds epoch 2 and 5 steps of the next, of at most 3 {PRETRAINED}; {GO_ON}",
        ),
        (
            {"method": "li2019", "epochs": 3},
            f"RUN holds epoch 3, those of pretraining counted, and no model to use yet; {GO_ON}",
        ),
        (
            {"method": "li2019", "epochs": 5, "model": True},
            f"RUN holds epoch 5, those of pretraining counted, and the best model so far; {GO_ON}",
        ),
        (
            {"method": "li2019", "epochs": 1, "done": 1, "pretrain_decays": 2},
            f"RUN holds epoch 1, of at most 3 {PRETRAINED}; {GO_ON}",
        ),
        (
            {"method": "li2019", "epochs": 2, "done": 2, "pretrain_decays": 2},
            f"RUN holds epoch 2, those of pretraining counted, and no model to use yet; {GO_ON}",
        ),
    ],
)
def test_how_far_it_is(stopped, arguments, said):
    folder = stopped(**arguments)
    assert what_is_saved(folder).replace(str(folder.path), "RUN") == said


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ({"method": "vae"}, "training"),
        ({"method": "li2019"}, "the autoencoder's pretraining"),
        ({"method": "li2019", "epochs": 3}, "training"),
    ],
)
def test_a_run_that_diverged_without_a_model(stopped, arguments, what):
    assert what_is_saved(stopped(**arguments), DivergedError("")) == (
        f"{what} has diverged before there was a model to keep: start again in another folder "
        "with a --learning-rate below 0.5"
    )


def test_the_reason_of_an_earlier_stop_is_said_once(stopped, caplog):
    folder = stopped("vae")
    write_json(folder.stopped_path, {"reason": "the loss is not finite"})
    for _ in range(2):
        say_why_it_stopped(folder)
    assert caplog.messages == ["the run had stopped before: the loss is not finite"]


@pytest.mark.parametrize("content", ["", "{}"])
def test_a_broken_reason_can_be_removed(stopped, content):
    folder = stopped("vae")
    folder.stopped_path.write_text(content)
    with pytest.raises(InputError, match=r"stopped\.json cannot be read: remove it to train on"):
        say_why_it_stopped(folder)
