"""Python code in a process of its own, which can import the tests' helpers."""

import os
import subprocess
import sys
from pathlib import Path


def run_python(code: str, *arguments: object) -> str:
    """What the code prints."""
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": path},
    ).stdout
