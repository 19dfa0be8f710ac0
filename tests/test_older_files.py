"""Files of version 0.1.0, written before its rooms were moved, are read as they were then.

`fixtures/before_rooms/files.tar.xz` holds a labelled corpus, a run of Scale-VAE with its last
checkpoint, a run of the system `bn`, and an export of the first run. The answers beside it are
those of the code that wrote it: `generators.json` has the figures under its other generators,
`resumed_history.csv` those after one epoch more; that epoch is of the arithmetic of
today's loss, since the run's factor runs away and rounding grows with it.
"""

import csv
import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_text  # noqa: F401 - registers its operations
from older_files import FIXTURES, unpack_older_files

import scale_vae_keras as sv
from scale_vae_keras.commands.main import main
from scale_vae_keras.priors.resolve import prior_kind
from scale_vae_keras.runs.run_folder import RunFolder


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    return unpack_older_files(tmp_path_factory.mktemp("older"))


@pytest.fixture(autouse=True)
def older(unpacked, monkeypatch):
    """The folder of the files, where the commands run: the runs name their corpus `corpus`."""
    monkeypatch.chdir(unpacked)
    return unpacked


def printed(capsys, *words):
    assert main(words) == 0
    return capsys.readouterr().out


def expected(name):
    return (FIXTURES / name).read_text()


GENERATORS = {"scaled": json.loads(expected("evaluate.json"))} | json.loads(
    expected("generators.json")
)


@pytest.mark.parametrize("name", GENERATORS)
def test_evaluate_gives_the_same_figures(capsys, name):
    """Under each generator of that version, by its name there."""
    if name == "fitted-mixture":
        pytest.importorskip("sklearn", reason="needs the extra mixture")
    words = ("evaluate", "run", "--samples", "20", "--prior", name, "--json")
    metrics, before = json.loads(printed(capsys, *words)), dict(GENERATORS[name])
    assert metrics.pop("generator") == before.pop("generator")
    assert metrics.pop("prior") == prior_kind(name)
    assert metrics.pop("precision") == "float32"
    for added in set(metrics) - set(before):  # what older versions did not compute
        assert added in ("bits_per_byte", "split")
        del metrics[added]
    assert metrics.pop("factor") == pytest.approx(before.pop("factor"), rel=1e-5)
    assert metrics == pytest.approx(before, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("generate.txt", ["generate", "run", "-n", "4", "--seed", "2", "--top-p", "1"]),
        ("reconstruct.txt", ["reconstruct", "run", "text.txt"]),
        (
            "interpolate.txt",
            [
                *("interpolate", "run"),
                *("a dog sees no house .", "the green bird eats the big fish ."),
            ],
        ),
    ],
)
def test_the_same_text_is_written(capsys, name, words):
    assert printed(capsys, *words) == expected(name)


@pytest.mark.parametrize(
    ("run", "kind"), [("run", sv.ScaleVAE), ("batch_norm_run", sv.BatchNormVAE)]
)
def test_a_keras_file_is_loaded_by_keras(older, run, kind):
    model = keras.saving.load_model(older / run / "model.keras")
    assert type(model) is kind
    lines = (older / "text.txt").read_text().splitlines()[:4]
    posterior = model.encode(RunFolder(older / run).tokenizer(lines).to_tensor())
    before = json.loads(expected("encode.json"))[run]
    np.testing.assert_allclose(posterior.mean, before["mean"], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(posterior.stddev, before["stddev"], rtol=1e-5)


def table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


RUNNING_AWAY = {
    *("loss", "reconstruction", "val_loss", "val_reconstruction", "val_elbo_nll", "val_kl"),
    *("mi", "factor_mean", "factor_max"),
}
"""Figures behind a factor of 600, by which rounding differs: up to 1.3 % without AVX-512."""

CPU = Path("/proc/cpuinfo")
ROUNDS_ALIKE = CPU.exists() and "avx512" in CPU.read_text()
"""Whether the processor is of the kind that the figures are of."""


def test_a_run_goes_on_from_its_checkpoint(older, capsys):
    shutil.copytree(older / "run", older / "resumed")
    printed(capsys, "train", "--resume", "--output", "resumed", "--epochs", "7")
    rows = table(older / "resumed" / "history.csv")
    before = table(FIXTURES / "resumed_history.csv")
    assert rows[:6] == before[:6]
    assert [row["epoch"] for row in rows] == [row["epoch"] for row in before]
    for name, value in before[6].items():
        error = 1e-4 if ROUNDS_ALIKE or name not in RUNNING_AWAY else 0.02
        assert float(rows[6][name]) == pytest.approx(float(value), rel=error, abs=1e-6), name
    names = {path.name for path in (older / "resumed" / "checkpoints").iterdir()}
    assert names == {"epoch-0006", "epoch-0007"}


def test_an_export_answers_as_before(older):
    warmup = pytest.importorskip("scale_vae_keras.serving.warmup", reason="needs the extra serving")
    version = older / "export" / "1"
    signatures = tf.saved_model.load(version).signatures
    before = json.loads(expected("export.json"))
    answered = set()
    for signature, inputs in warmup.read_warmup(version):
        tensors = {name: tf.constant(value) for name, value in inputs.items()}
        for name, value in signatures[signature](**tensors).items():
            key = f"{signature}/{name}"
            answered.add(key)
            if value.dtype.is_floating:
                np.testing.assert_allclose(value, before[key], rtol=1e-4, atol=1e-5, err_msg=key)
            else:
                texts = value.dtype == tf.string
                answer = [each.decode() if texts else each for each in value.numpy()]
                assert answer == before[key], key
    assert answered == before.keys()
