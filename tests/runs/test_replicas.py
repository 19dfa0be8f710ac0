"""Several replicas train as one does on the whole batches, the callbacks of a run included."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scale_vae_keras.models import SYSTEMS

FIVE = ("scale", "bn", "du", "mae", "free-bits")


def differences(replicas, epochs, systems):
    program = Path(__file__).parents[1] / "support" / "replicas.py"
    done = subprocess.run(
        [sys.executable, program, str(replicas), str(epochs), *systems],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = {}
    for line in done.stdout.splitlines():
        found |= json.loads(line)
    assert set(found) == set(systems)
    return found


@pytest.mark.parametrize("replicas", [2, 4])
def test_three_epochs_with_an_empty_replica_equal_those_of_one_replica(replicas):
    for system, found in differences(replicas, 3, FIVE).items():
        assert found["weights"] < 1e-5, (system, found)
        assert found["losses"] < 1e-5, (system, found)
        assert found.get("factor", 0) < 1e-6, (system, found)


def test_every_system_trains_on_two_replicas_as_on_one():
    """And other decoders, ways of clipping, several steps an execution, dropout, and weights."""
    others = [system for system in SYSTEMS if system not in FIVE]
    variants = ("cnn", "info-kl", "clipnorm", "clipvalue", "dropout", "dropout-sa")
    variants += (
        "weighted",
        "weighted-agg",
        "fitted-prior",
        "learned-prior",
        "vamp-prior",
        "transformer",
        "adam",
        "condition",
        "few-labels",
    )
    for system, found in differences(2, 2, [*others, *variants]).items():
        assert found["weights"] < 1e-5, (system, found)
        assert found["losses"] < 1e-5, (system, found)
