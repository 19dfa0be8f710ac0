"""Python code in a process of its own, which can import the tests' helpers."""

import os
import subprocess
import sys
from pathlib import Path


def run_python(code: str, *arguments: object) -> str:
    """What the code prints; an AssertionError with what it said if it fails."""
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
