"""Two replicas train as one does on the joined batch."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SYSTEMS = (
    *("vae", "scale", "beta", "free-bits", "delta", "sa", "skip", "agg", "mae", "bn", "du"),
    *("info-mmd", "info-kl", "li2019", "lstm-lm", "cnn"),
)


@pytest.fixture(scope="module")
def differences():
    program = Path(__file__).with_name("replicas.py")
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("system", SYSTEMS)
def test_two_steps_on_uneven_replicas_equal_those_on_the_joined_batch(differences, system):
    assert differences[system] < 1e-5
