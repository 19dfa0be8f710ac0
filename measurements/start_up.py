"""Measures the time of one answer from the start of a process, against `import tensorflow` alone.

    python measurements/start_up.py RUN

The processes take turns. Figures are medians over the rounds, in seconds that pass and in seconds
of processor time, which a busy machine does not change as much.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

COMMAND = ("-m", "scale_vae_keras.commands.main")
ALLOWED_RATIO, ALLOWED_SECONDS = 1.3, 1.0


def seconds(arguments: list[str]) -> tuple[float, float]:
    """Seconds of a process: that pass, and of the processor."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return time.perf_counter() - started, processor


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        text = Path(scratch) / "text.txt"
        text.write_text("one sentence\n")
        processes = {
            "import tensorflow": ["-c", "import tensorflow"],
            "generate": [*COMMAND, "generate", arguments.run, "-n", "1"],
            "encode": [
                *COMMAND,
                "encode",
                arguments.run,
                str(text),
                "--output",
                f"{scratch}/a.npz",
            ],
        }
        rounds = [[seconds(each) for each in processes.values()] for _ in range(arguments.rounds)]
    found = np.array(rounds)
    for kind, number in (("seconds that pass", 0), ("of the processor", 1)):
        each = found[:, :, number]
        allowed = ALLOWED_RATIO * each[:, 0] + ALLOWED_SECONDS
        print(kind)
        for name, own in zip(processes, each.T, strict=True):
            print(
                f"  {name:18} {np.median(own):6.2f}   ratio {np.median(own / each[:, 0]):.2f}   "
                f"of {ALLOWED_RATIO} times the import and {ALLOWED_SECONDS:.0f} s: "
                f"{np.median(own / allowed):.2f}"
            )


if __name__ == "__main__":
    main()
