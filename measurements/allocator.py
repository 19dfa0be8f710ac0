"""Times training steps with the allocator as the package sets it and as glibc has it.

    TF_ENABLE_ONEDNN_OPTS=1 python measurements/allocator.py --rounds 3

Each figure is of a process of its own, both kinds in turn; a step's time is that of the processor.
The presets train on batches of sentences of 8 to 16 tokens, one length after another. The ratio is
formed within each round and is below 1 where the package's setting is faster.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time

from scale_vae_keras.benchmarks.speed.peak_memory import resident_peak
from scale_vae_keras.benchmarks.speed.shapes import SHAPES, Shape, new_model, random_batch

TRANSFORMER = {
    "encoder": "transformer",
    "decoder": "transformer",
    "depth": 2,
    "pooling": "max",
    "dropout": 0.5,
}
KINDS = {
    "preset small": (Shape(64, 16, 128, 256, 8_411), {"pooling": "max"}, (8, 12, 16, 10)),
    "preset transformer": (Shape(64, 16, 128, 176, 8_411), TRANSFORMER, (8, 12, 16, 10)),
    "paper": (SHAPES["paper"], {}, (80,)),
}
ROUNDS_OF_LENGTHS = 4
GLIBC = {"GLIBC_TUNABLES": ""}
"""Makes the package leave glibc alone."""


def measure(kind: str) -> None:
    """Prints the seconds and page faults of a step, and the peak memory in MiB."""
    import tensorflow as tf

    shape, options, lengths = KINDS[kind]
    model = new_model(shape, **options)
    batches = [tf.constant(random_batch(shape._replace(time=length))) for length in lengths]
    model.ensure_built()
    step = tf.function(model.train_step, reduce_retracing=True)

    def run_steps(rounds: int) -> int:
        for ids in rounds * batches:
            step(ids)["loss"].numpy()
        return rounds * len(batches)

    run_steps(2)
    faults, start = resource.getrusage(resource.RUSAGE_SELF).ru_minflt, time.process_time()
    steps = run_steps(ROUNDS_OF_LENGTHS)
    seconds = (time.process_time() - start) / steps
    faults = (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults) / steps
    print(json.dumps([seconds, faults, resident_peak()]))


def measured(kind: str, **environment: str) -> list[float]:
    """What `measure` prints in a process with the environment."""
    command = [sys.executable, __file__, "--measure", kind]
    done = subprocess.run(command, env=os.environ | environment, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", choices=KINDS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(arguments.measure)
        return
    for kind in KINDS:
        for _ in range(arguments.rounds):
            alone, own = measured(kind, **GLIBC), measured(kind)
            told = "; ".join(
                f"{name} {seconds * 1000:,.0f} ms, {faults:,.0f} faults a step, {peak:,.0f} MiB"
                for name, (seconds, faults, peak) in (("glibc", alone), ("package", own))
            )
            print(f"{kind}: {told}; ratio {own[0] / alone[0]:.2f}", flush=True)


if __name__ == "__main__":
    main()
