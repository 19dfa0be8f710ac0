"""Commands of `scale-vae` as a user runs them, in processes of their own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple


class Finished(NamedTuple):
    """What a command ended with."""

    status: int
    output: str
    errors: str


class CommandProcesses:
    """Commands that can run side by side."""

    def __init__(self, server: subprocess.Popen, folder: Path):
        self._server = server
        self._folder = folder
        self._streams = {}

    def start(self, *arguments, stdin="", file_limit=None, **environment) -> int:
        """Starts a command and gives its process id; `file_limit` is in bytes."""
        names = ("stdin", "stdout", "stderr")
        streams = {name: self._folder / f"{len(self._streams)}.{name}" for name in names}
        for name, path in streams.items():
            path.write_text(stdin if name == "stdin" else "")
        child = self._ask(
            {
                "arguments": list(map(str, arguments)),
                "environment": environment,
                "file_limit": file_limit,
                **{name: str(path) for name, path in streams.items()},
            }
        )
        self._streams[child] = streams
        return child

    def wait(self, child: int) -> Finished:
        """Waits for the end of a command."""
        status = self._ask({"wait": child})
        streams = self._streams[child]
        return Finished(status, streams["stdout"].read_text(), streams["stderr"].read_text())

    def errors(self, child: int) -> str:
        """What a command has said on standard error so far."""
        return self._streams[child]["stderr"].read_text()

    def run(self, *arguments, **options) -> Finished:
        """Runs a command to its end."""
        return self.wait(self.start(*arguments, **options))

    def _ask(self, request):
        print(json.dumps(request), file=self._server.stdin, flush=True)
        return int(self._server.stdout.readline())


@contextmanager
def command_processes(folder: Path) -> Iterator[CommandProcesses]:
    """Commands whose streams are files of a folder."""
    with subprocess.Popen(
        [sys.executable, Path(__file__).with_name("command_server.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        yield CommandProcesses(server, folder)
