"""Several replicas train as one does on the whole batches, the callbacks of a run included.

The last batch of an epoch leaves one replica empty.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scale_vae_keras.errors import InputError
from scale_vae_keras.models import SYSTEMS
from scale_vae_keras.runs.workers import open_strategy

KEEP_AVERAGES = ("scale", "bn", "du", "mae", "free-bits")
WITH_OPTIONS = (
    "lm+adam",
    "cyclical+clipnorm",
    "beta+clipvalue",
    "vae+transformer",
    "vae+dropout+word-dropout+fraternal+vamp-prior",
    "scale+condition+learned-prior",
    "scale+few-labels+dropout+fraternal",
    "scale+fitted-prior+weighted",
    "info+kl+cnn",
    "info+mmd",
    "sa+dropout",
    "agg+weighted",
)


def assert_trained_alike(replicas, epochs):
    program = Path(__file__).parents[1] / "support" / "replicas.py"
    runs = [f"{count}*{system}" for system, count in epochs.items()]
    done = subprocess.run(
        [sys.executable, program, str(replicas), *runs],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = {}
    for line in done.stdout.splitlines():
        found |= json.loads(line)
    assert set(found) == set(epochs)
    for system, differences in found.items():
        worst = differences.pop("worst")
        assert ("factor" in differences) == system.startswith("scale")
        # The factor is computed from the weights: what they differ by, it may differ by, too.
        assert all(each < 1e-5 for each in differences.values()), (system, differences, worst)


def test_four_replicas_train_as_one():
    assert_trained_alike(4, {"scale": 3, "du": 3})


def test_every_system_trains_on_two_replicas_as_on_one():
    """And other decoders, ways of clipping, several steps an execution, dropout, and weights."""
    named = {*KEEP_AVERAGES, *(name.split("+")[0] for name in WITH_OPTIONS)}
    others = [system for system in SYSTEMS if system not in named]
    three, two = dict.fromkeys(KEEP_AVERAGES, 3), dict.fromkeys([*others, *WITH_OPTIONS], 2)
    assert_trained_alike(2, three | two)


@pytest.mark.parametrize("replicas", [0, -1, 1.5, "2"])
def test_a_number_that_no_replicas_can_have_is_refused(replicas):
    with pytest.raises(InputError, match=r"replicas must be (at least 1|a whole number), got"):
        open_strategy(replicas)
