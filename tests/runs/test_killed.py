"""Runs that are killed at random moments end like runs that are not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from made_corpora import LINES
from run_hashes import run_hashes

pytestmark = pytest.mark.cli

CORPUS = {"train": LINES * 12 + LINES[:5]}
TINY = "--preset small --epochs 3 --batch-size 16 --embedding-dim 4 --units 5 --latent-dim 3"
KILLS = 10
CHAINS = {
    "plateau": "--f-epo 1 --decay plateau --decay-start 0 --decay-patience 1 --learning-rate 2",
    "replicas": "--f-epo 2 --average median --resplit --word-dropout 0.1 --replicas 2",
}


@pytest.fixture(scope="module")
def interrupted(corpus):
    """The folder of the chains, and what each kill interrupted, by chain."""
    folder = corpus.parent
    chains = []
    for seed, (name, options) in enumerate(CHAINS.items()):
        (folder / name).mkdir()
        words = f"{TINY} {options}".split()
        chains.append(
            {"folder": str(folder / name), "options": words, "seed": seed, "kills": KILLS}
        )
    done = subprocess.run(
        [sys.executable, Path(__file__).parents[1] / "support" / "killed_runs.py"],
        input=json.dumps({"corpus": str(corpus), "chains": chains}),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return folder, dict(zip(CHAINS, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("chain", CHAINS)
def test_a_run_that_was_killed_ends_like_one_that_was_not(interrupted, chain):
    folder, kills = interrupted
    assert all(kills[chain]), kills[chain]
    hashes = run_hashes(folder / chain / "killed")
    assert hashes["position"] == (3, 0, False)
    assert hashes == run_hashes(folder / chain / "whole")


def test_the_kills_hit_steps_and_the_writing_of_checkpoints(interrupted):
    _, kills = interrupted
    moments = [moment for chain in kills.values() for moment in chain]
    assert len(moments) == 2 * KILLS >= 20
    assert any(moment.startswith("training step") for moment in moments)
    assert any("/checkpoints/.epoch-" in moment for moment in moments), moments


def test_the_runs_are_not_trivial(interrupted):
    folder, _ = interrupted
    hashes = run_hashes(folder / "plateau" / "whole")
    assert hashes["callbacks"]["decay"]["decays"] > 0
    assert hashes["last"] != hashes["best"]


def test_nothing_unfinished_is_left(interrupted):
    folder, _ = interrupted
    for chain in CHAINS:
        assert not [path for path in folder.rglob(f"{chain}/killed/**/.*") if path.is_dir()]
