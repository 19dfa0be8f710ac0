"""The quick start on fewer and smaller everything."""

import json
import sys

import pytest

from scale_vae_keras.built_in import reviews
from scale_vae_keras.commands import quickstart
from scale_vae_keras.errors import InputError

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def small(monkeypatch):
    pytest.importorskip("matplotlib", reason="needs the extra plots")
    sizes = {"train": (200, 1), "valid": (40, 2), "test": (40, 3)}
    monkeypatch.setattr(reviews, "_SPLITS", sizes)
    settings = {"embedding_dim": 6, "units": 8, "epochs": 2}
    monkeypatch.setattr(quickstart, "_SETTINGS", {**quickstart._SETTINGS, **settings})
    monkeypatch.setattr(quickstart, "_OWN_SETTINGS", {"vae": {}, "scale": {"f_epo": 1}})
    monkeypatch.setattr(quickstart, "_SAMPLES", 3)
    monkeypatch.setattr(quickstart, "_SENTENCES", 20)


@pytest.mark.usefixtures("small")
def test_it_leaves_two_runs_a_comparison_and_pictures(tmp_path, capsys):
    quickstart.run_quickstart(tmp_path)
    shown = capsys.readouterr().out
    for name in ("objective_nll", "elbo_nll", "kl", "mi_cap", "au", "entropy", "16.61"):
        assert name in shown
    # Drawn as every table: no cell is cut or broken at 80 columns, and each figure has its unit.
    [entropy] = [line for line in shown.splitlines() if line.startswith("│ entropy")]
    assert [cell.strip() for cell in entropy.strip("│").split("│")] == [
        "entropy",
        "nats per sentence",
        "16.61",
        "16.61",
    ]
    assert "entropy: of the corpus: no likelihood can be better, nats per sentence" in shown
    for name in ("vae", "scale"):
        metrics = json.loads((tmp_path / name / "metrics.json").read_text())
        assert metrics["sentences"] == 40
        assert (tmp_path / name / "model.keras").exists()
    for picture in ("latent_map.png", "training.png"):
        assert (tmp_path / picture).read_bytes().startswith(PNG)

    written = (tmp_path / "scale" / "model.keras").stat().st_mtime_ns
    quickstart.run_quickstart(tmp_path)
    assert (tmp_path / "scale" / "model.keras").stat().st_mtime_ns == written


def test_without_matplotlib_nothing_is_trained(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(InputError, match="pictures need matplotlib: pip install"):
        quickstart.run_quickstart(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_run_is_no_place_for_two_runs(tmp_path):
    (tmp_path / "config.json").touch()
    with pytest.raises(InputError, match="is a run: choose another folder, which will hold two"):
        quickstart.run_quickstart(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]
