"""What stands where a run should be is refused by name, before anything is read."""

import json

import pytest

from scale_vae_keras.errors import InputError
from scale_vae_keras.runs.config import configure
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.runs.train import Run


@pytest.fixture
def places(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "train.txt").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("file", "PLACE is a file: choose a folder that is not there yet"),
        (
            "full",
            "PLACE is already there and not empty: choose another folder, or continue the run that "
            "it holds with --resume",
        ),
    ],
)
def test_a_place_that_is_taken_is_refused_before_the_corpus_is_read(places, name, said):
    with pytest.raises(InputError) as error:
        Run.start(configure("no corpus", "vae", "small"), places / name)
    assert str(error.value).replace(str(places / name), "PLACE") == said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("file", "PLACE is a file, and a run is a folder"),
        ("full", "PLACE is not a run folder: it has no config.json"),
        ("nothing", "there is no run folder PLACE"),
    ],
)
def test_what_is_no_run(places, name, said):
    with pytest.raises(InputError) as error:
        _ = RunFolder(places / name).config
    assert str(error.value).replace(str(places / name), "PLACE") == said


@pytest.mark.parametrize("content", ["null", "3", "{", '"text"'])
def test_settings_that_are_no_object_are_named(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(InputError, match=r"config\.json cannot be read: restore it"):
        _ = RunFolder(tmp_path).config


def test_a_fingerprint_that_is_missing_is_named(tmp_path):
    folder = RunFolder(tmp_path)
    folder.config_path.write_text(json.dumps(configure("reviews", "vae", "small").to_json()))
    with pytest.raises(InputError, match=r"config.json is broken: it has no corpus_fingerprint"):
        folder.open_corpus()
    with pytest.raises(InputError, match=r"config.json is broken: it has no vocabulary_finger"):
        _ = folder.vocabulary_fingerprint
