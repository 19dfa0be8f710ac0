"""Peak memory of training steps, in a process of their own."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from scale_vae_keras.quiet import quiet_standard_error

STEPS = 3


class PeakMemory(NamedTuple):
    """Most resident memory of a process, in MiB.

    Attributes:
        imported: when the libraries had been imported.
        trained: when training steps had been run.
    """

    imported: float
    trained: float


def resident_peak() -> float:
    """Most resident memory of this process so far, in MiB; on Linux only.

    `resource.getrusage` would count what the parent process held when it started this one.
    """
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) / 1024


def peak_memory(*command: str) -> PeakMemory:
    """Runs a Python command that prints its `PeakMemory` as a JSON list in its last line."""
    done = subprocess.run([sys.executable, *command], check=True, stdout=subprocess.PIPE, text=True)
    return PeakMemory(*json.loads(done.stdout.splitlines()[-1]))


def main(shape: str) -> None:
    """Prints the memory of training steps of a shape of `SHAPES`."""
    with quiet_standard_error():
        import tensorflow as tf

        from scale_vae_keras.benchmarks.speed.shapes import (
            SHAPES,
            new_model,
            random_batch,
            waited_step,
        )

    imported = resident_peak()
    step = waited_step(new_model(SHAPES[shape]))
    ids = tf.constant(random_batch(SHAPES[shape]))
    for _ in range(STEPS):
        step(ids)
    print(json.dumps([imported, resident_peak()]))


if __name__ == "__main__":
    main(sys.argv[1])
