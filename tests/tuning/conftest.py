"""A corpus, settings and searches that are quick."""

from pathlib import Path

import pytest

SUBJECTS = ("the cat", "a dog", "my old friend", "the green bird", "one small child")
ENDINGS = ("sleeps .", "sees the big house .", "walks home .", "eats .")
LINES = [f"{subject} {ending}" for subject in SUBJECTS for ending in ENDINGS] * 2


@pytest.fixture(scope="session")
def tiny_corpus(tmp_path_factory) -> Path:
    """The folder of a corpus of forty sentences."""
    folder = tmp_path_factory.mktemp("tuning") / "corpus"
    folder.mkdir()
    for split in ("train", "valid", "test"):
        (folder / f"{split}.txt").write_text("\n".join(LINES) + "\n")
    return folder


TINY = {
    "embedding_dim": 6,
    "units": 8,
    "latent_dim": 4,
    "batch_size": 20,
    "kl_epochs": 1,
}


@pytest.fixture(scope="session")
def tiny_space() -> dict[str, object]:
    """Settings that are quick to train, fixed."""
    return {**TINY, "f_epo": 1, "average": "arithmetic"}
