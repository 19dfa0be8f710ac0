"""Two workers of one run, a worker that dies, and the run that goes on."""

import io
import json
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import h5py
import numpy as np
import pytest
from made_corpora import LINES

SENTENCES = 33
CORPUS = {
    "train": [*LINES, *(f"today {line}" for line in LINES)][:SENTENCES],
    "valid": LINES[:9],
    "test": LINES[:5],
}
EPOCHS = 3


class Trained:
    """What the program `workers.py` has left."""

    def __init__(self, folder, report):
        self.folder = folder
        self.statuses = report["statuses"]

    def rows(self, run, worker):
        return (self.folder / f"rows-{run}-{worker}").read_text().splitlines()

    def errors(self, run, worker):
        return (self.folder / f"stderr-{run}-{worker}").read_text().splitlines()

    def weights(self, run):
        archive = zipfile.ZipFile(
            self.folder / run / "checkpoints" / f"epoch-{EPOCHS:04d}" / "model.keras"
        )
        with archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
            found = {}
            file.visititems(
                lambda name, item: (
                    found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
                )
            )
        return found


@pytest.fixture(scope="module")
def trained(corpus):
    output = corpus.parent / "output"
    output.mkdir()
    done = subprocess.run(
        [sys.executable, Path(__file__).parents[1] / "support" / "workers.py", corpus, output],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return Trained(output, json.loads(done.stdout.splitlines()[-1]))


def test_two_workers_end_with_the_weights_of_one_process(trained):
    assert trained.statuses["one"] == [0]
    assert trained.statuses["two"] == [0, 0]
    one, two = trained.weights("one"), trained.weights("two")
    assert set(one) == set(two)
    for name, expected in one.items():
        atol = 1e-5 * np.max(np.abs(expected))
        np.testing.assert_allclose(two[name], expected, rtol=0, atol=atol, err_msg=name)
    (factor,) = (name for name in one if name.endswith("posterior_scale/vars/0"))
    assert np.ptp(one[factor]) > 0
    np.testing.assert_allclose(two[factor], one[factor], rtol=1e-6)


def test_every_training_sentence_is_seen_once_an_epoch(trained):
    """The last batch of an epoch has one sentence, so that one worker has none."""
    alone = trained.rows("one", 0)
    assert len(alone) == EPOCHS * SENTENCES
    workers = [np.split(np.array(trained.rows("two", worker)), EPOCHS) for worker in range(2)]
    for epoch, shares in enumerate(zip(*workers, strict=True)):
        assert [len(share) for share in shares] == [16, 17]
        seen = Counter(np.concatenate(shares).tolist())
        assert set(seen.values()) == {1}
        assert seen == Counter(alone[epoch * SENTENCES :][:SENTENCES])


def test_the_chief_alone_writes_to_the_run_folder(trained):
    names = {path.name for path in (trained.folder / "two").iterdir()}
    assert names == {
        *("config.json", "tokenizer.model", "model.keras", "checkpoints", "logs", "history.csv")
    }
    events = list((trained.folder / "two" / "logs" / "train").glob("events.*"))
    assert len(events) == 1
    assert json.loads((trained.folder / "two" / "config.json").read_text())["replicas"] == 2


def test_a_worker_that_is_killed_stops_the_others_with_one_line(trained):
    assert trained.statuses["victim"] == [-9]
    assert trained.statuses["chief"] == [2]
    errors = [line for line in trained.errors("killed", 0) if not line.startswith("warning:")]
    assert len(errors) == 1
    assert errors[0].startswith("error: another worker has stopped or cannot be reached")
    assert "holds epoch 1" in errors[0]


def test_the_run_goes_on_when_all_workers_start_again(trained):
    """Bit for bit, as the two workers that were never stopped."""
    assert trained.statuses["resumed"] == [0, 0]
    for name, expected in trained.weights("two").items():
        np.testing.assert_array_equal(trained.weights("killed")[name], expected, err_msg=name)
    history = [(trained.folder / run / "history.csv").read_bytes() for run in ("two", "killed")]
    assert history[0] == history[1]
