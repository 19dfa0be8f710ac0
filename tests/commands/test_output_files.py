"""A file that cannot be written is refused before any work."""

import os
from pathlib import Path

import numpy as np
import pytest
from older_files import unpack_older_files

from scale_vae_keras.commands.main import main
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.text_model import TextModel


def test_one_long_text_does_not_make_a_large_file(tmp_path, monkeypatch):
    monkeypatch.chdir(unpack_older_files(tmp_path))
    texts = [*["ab"] * 300, "ab " * 5000]
    Path("texts.txt").write_text("\n".join(texts))
    assert main(["encode", "run", "texts.txt", "--output", "codes.npz"]) == 0
    assert Path("codes.npz").stat().st_size < 100_000
    np.testing.assert_array_equal(np.load("codes.npz")["text"], texts)


@pytest.mark.parametrize(
    ("words", "owner", "work"),
    [
        ("generate run --output no/file.txt", TextModel, "generate"),
        ("encode run corpus/test.txt --output no/file.npz", TextModel, "encode"),
        ("report run --output no/file.html", RunFolder, "encode"),
    ],
)
def test_a_missing_folder_is_found_out_first(words, owner, work, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(unpack_older_files(tmp_path))

    def refuse(self, *arguments, **named):
        raise AssertionError("the work has begun")

    monkeypatch.setattr(owner, work, refuse)
    assert main(words.split()) == 2
    file = words.split()[-1]
    assert capsys.readouterr().err == "error: there is no folder no: make it first\n"
    with pytest.raises(AssertionError, match="begun"):
        main(words.replace("no/", "").split())
    assert not os.path.exists(file.replace("no/", ""))
