import math
import subprocess
import sys

import pandas as pd
import pytest

from scale_vae_keras import metrics
from scale_vae_keras.metrics import COST, EVALUATION, GENERATION, LATENT_SPACE, TRAINING, Metric

RECORDS = {name: getattr(metrics, name) for name in metrics.__all__ if name.isupper()}


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_a_record_is_by_name_and_says_what_each_figure_is(record):
    assert [metric.name for metric in record.values()] == list(record)
    for metric in record.values():
        assert metric.meaning
        assert metric.better in ("smaller", "larger", "")
        assert metric.digits >= 0


@pytest.mark.parametrize(
    ("digits", "value", "error", "shown"),
    [
        (2, 40.126, 0.5, "40.13 ± 0.50"),
        (0, 31.6, None, "32"),
        (1, 7, math.nan, "7.0"),
        (2, None, 1.0, "-"),
        (2, pd.NA, pd.NA, "-"),
        (2, math.nan, None, "-"),
    ],
)
def test_a_value_with_its_digits(digits, value, error, shown):
    assert Metric("x", "nats", "x", digits=digits).show(value, error) == shown


def test_in_words():
    metric = Metric("mi", "nats", "mutual information", "estimate, at most mi_cap")
    assert metric.explanation == "mutual information, nats"
    assert metric.sentence == "Mutual information (nats). Estimate, at most mi_cap."
    assert Metric("gram_2", "%", "% of 2-grams").explanation == "% of 2-grams"
    assert Metric("factor", "", "f-bar").sentence == "F-bar."


def test_what_may_be_ranked():
    better = {name: EVALUATION[name].better for name in EVALUATION}
    assert {name for name, which in better.items() if which == "smaller"} == {
        *("iw_nll", "elbo_nll", "ppl", "bits_per_byte")
    }
    assert better["mi"] == "larger"
    # For Scale-VAE the objective bounds nothing.
    assert better["objective_nll"] == ""


def test_a_figure_of_several_tables_is_one():
    assert LATENT_SPACE["elbo_nll"] is EVALUATION["elbo_nll"]
    assert TRAINING["loss"].bound == EVALUATION["objective_nll"].bound
    assert {EVALUATION[name].unit for name in ("iw_nll", "kl", "reconstruction")} == {
        "nats per sentence"
    }
    assert not EVALUATION.keys() & COST.keys()
    assert GENERATION["ppl"] != EVALUATION["ppl"]


def test_the_record_needs_no_tensorflow():
    code = (
        "import sys, scale_vae_keras.metrics, scale_vae_keras.tables;"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
