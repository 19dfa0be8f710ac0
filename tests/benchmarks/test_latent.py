"""The latent benchmark on fewer sentences and one system."""

import csv
import shutil
import sys
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from made_runs import finish_untrained

from scale_vae_keras.benchmarks import latent as latent_benchmark
from scale_vae_keras.built_in import synthetic
from scale_vae_keras.commands.main import main
from scale_vae_keras.data.batches import epoch_batches
from scale_vae_keras.data.corpus import open_corpus
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.runs.train import Run

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def small():
    pytest.importorskip("matplotlib", reason="needs the extra plots")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(synthetic, "_SENTENCES", 360)
        patch.setattr(synthetic, "_TRAIN_SENTENCES", 280)
        patch.setattr(synthetic, "_corpus", cache(synthetic._corpus.__wrapped__))
        patch.setattr(latent_benchmark, "_SYSTEMS", {"scale": "Scale-VAE"})
        patch.setattr(latent_benchmark, "_PROBE_DRAWS", 2)
        yield


@pytest.fixture(scope="module")
def output(small, tmp_path_factory):
    """A folder that the command has written.

    The run with batches of one component is trained, the others have its weights and history.
    """
    folder = tmp_path_factory.mktemp("latent")
    train = latent_benchmark._train

    def train_one(config, path):
        by_component = replace(config, resplit=False, by_label=True)
        trained = train(by_component, folder / "scale-component")
        if config == by_component:
            return trained
        run = Run.open(config, path)
        finish_untrained(run, trained)
        return run.folder

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(latent_benchmark, "_train", train_one)
        assert main(command(folder)) == 0
    return folder


def command(folder, seed=3):
    options = ("--output", str(folder), "--epochs", "1", "--seed", str(seed))
    return ["benchmark", "latent", *options]


def read(folder):
    with open(folder / "latent.csv", newline="") as file:
        return {row["partition"]: row for row in csv.DictReader(file)}


def test_each_way_of_batching_is_a_run(output):
    settings = {}
    for partition in ("kept", "resplit", "component"):
        config = RunFolder(output / f"scale-{partition}").config
        settings[partition] = config.resplit, config.by_label
        assert (config.data, config.latent_dim, config.seed) == ("synthetic", 2, 3)
        assert (config.prior, config.select_by, config.pooling) == ("scaled", "objective", "last")
    expected = {"kept": (False, False), "resplit": (True, False), "component": (False, True)}
    assert settings == expected


def test_the_factor_of_a_run_by_component_comes_from_batches_of_one_component(output):
    """280 sentences in batches of 32 from each component: one or two full ones each."""
    folder = RunFolder(output / "scale-component")
    split = folder.encode("train")
    order, starts = epoch_batches(split.lengths, 32, 3, 0, False, split.labels)
    batches = [order[start:end] for start, end in pairwise(starts)]
    assert all(len({split.labels[i] for i in batch}) == 1 for batch in batches)
    with open(folder.history_path, newline="") as file:
        [epoch] = csv.DictReader(file)
    assert int(epoch["factor_unrecorded"]) == sum(len(batch) < 16 for batch in batches)


def test_the_table_has_the_measures_and_where_they_come_from(output):
    rows = read(output)
    assert list(rows) == ["kept", "resplit", "component"]
    for row in rows.values():
        assert row["command"] == "scale-vae " + " ".join(command(output))
        assert row["corpus_fingerprint"] == open_corpus("synthetic").fingerprint()
        assert (row["seed"], row["epochs"]) == ("3", "1")
        assert 0 <= float(row["accuracy"]) <= 100
        assert -1 <= float(row["silhouette"]) <= 1
        assert float(row["holes"]) > -0.1
        assert float(row["factor"]) > 0
    model = RunFolder(output / "scale-kept").load_model()
    assert float(rows["kept"]["factor"]) == pytest.approx(
        float(np.mean(model.posterior_scale.factor())), rel=1e-5
    )
    assert (output / "latent.png").read_bytes().startswith(PNG)


def test_again_it_uses_the_runs_that_are_there(output, capsys):
    before = (output / "latent.csv").read_bytes()
    written = {path: path.stat().st_mtime_ns for path in output.glob("*/model.keras")}
    assert len(written) == 3
    assert main(command(output)) == 0
    assert {path: path.stat().st_mtime_ns for path in written} == written
    assert (output / "latent.csv").read_bytes() == before
    shown = capsys.readouterr().out
    for name in ("Scale-VAE", "component", "silhouette:", "holes: KL of the aggregated"):
        assert name in shown


def test_the_paper_has_the_figure(output, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "paper"
    shutil.copytree(output / "scale-kept", folder / "scale-kept")
    monkeypatch.setattr(latent_benchmark, "_PARTITIONS", {"kept": ("random, kept", {})})
    options = ["--output", str(folder), "--epochs", "1", "--seed", "3"]
    assert main(["benchmark", "paper", "--figure", "latent", *options]) == 0
    assert "silhouette" in capsys.readouterr().out
    assert (folder / "latent.png").read_bytes().startswith(PNG)
    [row] = read(folder).values()
    assert (row["system"], row["epochs"], row["seed"]) == ("scale", "1", "3")


def test_runs_with_other_settings_are_refused(output, capsys):
    before = (output / "latent.csv").read_bytes()
    assert main(command(output, seed=4)) == 2
    assert "was started with other settings" in capsys.readouterr().err
    assert (output / "latent.csv").read_bytes() == before


def test_bad_settings_write_nothing(tmp_path, capsys):
    folder = tmp_path / "new"
    assert main(["benchmark", "latent", "--output", str(folder), "--epochs", "0"]) == 2
    assert "epochs must be positive" in capsys.readouterr().err
    assert not folder.exists()


def test_without_matplotlib_nothing_is_trained(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main(command(tmp_path / "new")) == 2
    assert "pictures need matplotlib: pip install" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
