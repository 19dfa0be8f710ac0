"""The measures of structure of runs on the built-in reviews; the models are not trained."""

import importlib.util

import pytest

from scale_vae_keras.benchmarks.density import benchmark as density_benchmark
from scale_vae_keras.benchmarks.density.benchmark import Protocol, benchmark_density
from scale_vae_keras.benchmarks.density.structure import review_structure
from scale_vae_keras.built_in.reviews import ReviewGrammar, reviews_split
from scale_vae_keras.evaluation.structure import structure
from scale_vae_keras.metrics import COST, STRUCTURE
from scale_vae_keras.runs.build_model import build_model
from scale_vae_keras.runs.load import load
from scale_vae_keras.runs.train import Run

SETTINGS = ("epochs=1", "train_limit=64", "units=4", "embedding_dim=3", "latent_dim=2")


@pytest.fixture(scope="module")
def benched(tmp_path_factory):
    pytest.importorskip("sklearn", reason="needs the extra control")
    protocol = Protocol("reviews", "small", SETTINGS, samples=0, limit=100, published=True)
    output = tmp_path_factory.mktemp("structure") / "output"

    def untrained(config, folder):
        run = Run.open(config, folder)
        vocabulary = len(run.folder.tokenizer.vocabulary)
        build_model(config, vocabulary, run.folder.labels).save(run.folder.model_path)
        return dict.fromkeys(COST, 1)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(density_benchmark, "_train", untrained)
        return output, benchmark_density(["vae", "lm"], [1], protocol, output, "typed")


def test_rows_have_the_measures_of_their_codes(benched):
    output, rows = benched
    texts = [line.text for line in reviews_split("test")[:100]]
    said = [ReviewGrammar().parse(text) for text in texts]
    factors = {name: [each[name] for each in said] for name in said[0]}
    expected = structure(load(output / "vae-1").encode(texts).mean, factors)
    assert {name: rows[name][0] for name in STRUCTURE} == pytest.approx(expected, rel=1e-4)
    assert rows[list(STRUCTURE)].iloc[1].isna().all()
    assert "mig" in (output / "density.md").read_text()


def test_they_are_missing_without_scikit_learn(benched, monkeypatch, caplog):
    output, _ = benched
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert review_structure(output / "vae-1", 100) == dict.fromkeys(STRUCTURE)
    assert "need scikit-learn" in caplog.text
