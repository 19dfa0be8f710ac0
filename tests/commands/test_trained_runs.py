"""All runs of a command are looked at before the first is measured."""

import pytest

from scale_vae_keras.commands.trained_runs import trained_runs
from scale_vae_keras.errors import InputError
from scale_vae_keras.files import write_json
from scale_vae_keras.runs.config import configure
from scale_vae_keras.runs.run_folder import RunFolder


@pytest.fixture
def made(tmp_path):
    """Makes a run folder."""

    def made(method, model=True):
        folder = RunFolder(tmp_path / f"{method}-{model}")
        folder.path.mkdir()
        write_json(folder.config_path, configure("c", method, "small").to_json())
        if model:
            folder.model_path.touch()
        return str(folder.path)

    return made


def test_runs_with_models_in_their_order(made):
    vae, lm = made("vae"), made("lm")
    assert trained_runs([vae, lm, f"{vae}/"]) == [vae, lm]
    assert trained_runs([vae], latent=True) == [vae]


def test_what_cannot_be_measured(made, tmp_path):
    vae, lm, begun = made("vae"), made("lm"), made("bn", model=False)
    for last, latent, message in (
        (tmp_path / "typo", False, "there is no run folder .*typo"),
        (begun, False, r"has no model\.keras yet"),
        (lm, True, "is a language model and has no latent code: give a text VAE's run"),
    ):
        with pytest.raises(InputError, match=message):
            trained_runs([vae, str(last)], latent)
