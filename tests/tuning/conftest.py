"""A corpus, settings and searches that are quick."""

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

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


class Finished(NamedTuple):
    status: int
    output: str
    errors: str


class Commands:
    """Commands in processes of their own."""

    def __init__(self, process, folder: Path):
        self._process = process
        self._folder = folder
        self._streams = {}

    def start(self, *arguments, **environment) -> int:
        """Starts a command and gives its process id."""
        number = len(self._streams)
        streams = {name: self._folder / f"{number}.{name}" for name in ("stdout", "stderr")}
        for path in streams.values():
            path.touch()
        request = {"arguments": list(map(str, arguments)), "environment": environment}
        child = self._ask({**request, **{name: str(path) for name, path in streams.items()}})
        self._streams[child] = streams
        return child

    def wait(self, child: int) -> Finished:
        """Waits for the end of a command."""
        status = self._ask({"wait": child})
        return Finished(status, *(path.read_text() for path in self._streams[child].values()))

    def errors(self, child: int) -> str:
        """What a command has said on standard error so far."""
        return self._streams[child]["stderr"].read_text()

    def run(self, *arguments) -> Finished:
        """Runs a command to its end."""
        return self.wait(self.start(*arguments))

    def _ask(self, request):
        print(json.dumps(request), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())


@pytest.fixture(scope="session")
def commands(tmp_path_factory):
    """Runs commands side by side."""
    with subprocess.Popen(
        [sys.executable, Path(__file__).with_name("command_server.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Commands(process, tmp_path_factory.mktemp("commands"))
        process.stdin.close()
