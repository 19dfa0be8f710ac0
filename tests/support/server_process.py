"""A server in a process of its own, as the command line starts it."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

START = """
import sys
from scale_vae_keras.serving import serve
serve(sys.argv[1], None, 0, 0, *sys.argv[2:])
"""


class ServerProcess(NamedTuple):
    """A running server, its addresses, and the one of the model that it prints."""

    process: subprocess.Popen
    rest: str
    grpc: str
    model: str

    def resident_bytes(self) -> int:
        """Memory of the process that is in use."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(re.search(r"VmRSS:\s+(\d+)", status)[1])


@contextlib.contextmanager
def server_process(directory: Path, log: Path, host: str = "127.0.0.1") -> Iterator[ServerProcess]:
    """Runs a server on free ports while the block runs, and ends it with SIGTERM."""
    with log.open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "-c", START, str(directory), host],
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            env={**os.environ, "PATH": "/usr/bin:/bin"},
        )
        with process.stdout:
            banner = process.stdout.readline()
            found = re.search(r"(http://(\S+:\d+)/\S+) and gRPC (\S+:\d+)$", banner)
            try:
                assert found, log.read_text()
                assert "not TensorFlow Serving" in banner
                yield ServerProcess(process, found[2], found[3], found[1])
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(30)
