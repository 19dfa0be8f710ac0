"""Times `fit` with the allocator as the package sets it and as glibc has it.

    TF_ENABLE_ONEDNN_OPTS=1 python measurements/allocator.py --corpus DATA/short_yelp --rounds 3

Each figure is of a process of its own, both kinds in turn; the ratio of the times is formed within
each round and is below 1 where the package's setting is faster.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time

from scale_vae_keras.benchmarks.speed.peak_memory import resident_peak
from scale_vae_keras.benchmarks.speed.shapes import Shape, new_model
from scale_vae_keras.data import build_vocabulary, encode_split, open_corpus, training_batches
from scale_vae_keras.text import Tokenizer

TRANSFORMER = {"encoder": "transformer", "decoder": "transformer", "depth": 2, "dropout": 0.5}
PRESETS = {"small": (256, {}), "transformer": (176, TRANSFORMER)}
STEPS = 20
GLIBC = {"GLIBC_TUNABLES": ""}
"""Makes the package leave glibc alone."""


def measure(corpus: str, preset: str) -> None:
    """Prints the seconds and page faults of a step, and the peak memory in MiB."""
    opened = open_corpus(corpus)
    vocabulary = build_vocabulary(opened, "words")
    units, options = PRESETS[preset]
    shape = Shape(64, 15, 128, units, len(vocabulary))
    model = new_model(shape, pooling="max", **options)
    split = encode_split(opened, "train", Tokenizer(vocabulary))
    batches = training_batches(split, shape.batch, seed=1).take(STEPS)
    model.fit(batches, shuffle=False, verbose=0)
    faults, start = resource.getrusage(resource.RUSAGE_SELF).ru_minflt, time.perf_counter()
    model.fit(batches, shuffle=False, verbose=0)
    seconds = (time.perf_counter() - start) / STEPS
    faults = (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults) / STEPS
    print(json.dumps([seconds, faults, resident_peak()]))


def measured(corpus: str, preset: str, **environment: str) -> list[float]:
    """What `measure` prints in a process with the environment."""
    command = [sys.executable, __file__, "--corpus", corpus, "--measure", preset]
    done = subprocess.run(command, env=os.environ | environment, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", required=True, metavar="DIR")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", choices=PRESETS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(arguments.corpus, arguments.measure)
        return
    for preset in PRESETS:
        for _ in range(arguments.rounds):
            alone = measured(arguments.corpus, preset, **GLIBC)
            own = measured(arguments.corpus, preset)
            told = "; ".join(
                f"{name} {seconds * 1000:,.0f} ms, {faults:,.0f} faults a step, {peak:,.0f} MiB"
                for name, (seconds, faults, peak) in (("glibc", alone), ("package", own))
            )
            print(f"{preset}: {told}; ratio {own[0] / alone[0]:.2f}", flush=True)


if __name__ == "__main__":
    main()
