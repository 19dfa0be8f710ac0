"""Files and figures of the version before models had a prior.

`saved/` holds two tiny models of that version, and what it computed with them: the figures of
`evaluate_model` on all sentences of at most two tokens, with 20 importance samples, under each of
its generators, and eight sentences that it generated.
"""

import json
from pathlib import Path

import keras
import numpy as np
import pytest
from exact_models import as_split, every_sequence

from scale_vae_keras.evaluation.evaluate import evaluate_model
from scale_vae_keras.models import ScaleVAE, TextVAE

SAVED = Path(__file__).with_name("saved")
FIGURES = json.loads((SAVED / "figures.json").read_text())
MODELS = pytest.mark.parametrize(
    ("name", "system", "prior"),
    [("scale_vae", ScaleVAE, "scaled"), ("text_vae", TextVAE, "standard")],
)


def load(name):
    return keras.saving.load_model(SAVED / f"{name}.keras", safe_mode=True)


@MODELS
def test_a_model_file_without_a_prior_loads_and_writes_the_same_sentences(name, system, prior):
    model = load(name)
    assert type(model) is system
    assert model.prior.kind == prior
    written = model.generate(8, seed=5, max_length=12)
    np.testing.assert_array_equal(written.ids, FIGURES[name]["ids"])
    np.testing.assert_allclose(written.z, FIGURES[name]["z"], rtol=1e-6)


@pytest.mark.parametrize(
    "generator", ["scaled", "standard", "fitted", "fitted-full", "fitted-mixture"]
)
@MODELS
def test_figures_are_those_of_the_generators(name, system, prior, generator):
    split = as_split(every_sequence(length=2))
    metrics = evaluate_model(load(name), split, 20, generator, seed=3, fitted_on=split)
    expected = FIGURES[name]["metrics"][generator]
    assert len(expected) > 8
    for figure, value in expected.items():
        assert metrics[figure] == pytest.approx(value, abs=1e-5), figure
    assert metrics["generator"] == generator
