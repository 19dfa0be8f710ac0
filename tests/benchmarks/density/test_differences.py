"""Likelihoods beside the language model's, sentence by sentence."""

import math
import shutil

import pandas as pd
import pytest

from scale_vae_keras.benchmarks.density.differences import with_differences
from scale_vae_keras.benchmarks.density.table import density_table
from scale_vae_keras.benchmarks.rows import run_path, system_means
from scale_vae_keras.files import write_json
from scale_vae_keras.runs.config import configure
from scale_vae_keras.runs.run_folder import RunFolder
from scale_vae_keras.tables import write_csv

LIKELIHOODS = {
    ("vae", 1): [11.0, 20.0, 33.0],
    ("lm", 1): [10.0, 20.0, 30.0],
    ("bn:gamma=0.7", 1): [9.0, 18.0, 30.0],
    ("lm:word_dropout=0.2", 1): [12.0, 20.0, 30.0],
    ("vae", 2): [10.0, 20.0, 30.0],
}


def write_config(run, vocabulary="words", **settings):
    config = configure("reviews", "vae", "small", **settings).to_json()
    write_json(run.config_path, {**config, "vocabulary_fingerprint": vocabulary})


@pytest.fixture
def rows(tmp_path):
    lines = []
    for (system, seed), values in LIKELIHOODS.items():
        run = RunFolder(run_path(tmp_path, system, seed))
        run.path.mkdir()
        write_csv(run.sentences_path, pd.DataFrame({"iw_nll": values, "tokens": [5, 6, 7]}))
        write_config(run)
        lines.append({"system": system, "seed": seed, "iw_nll": sum(values) / 3})
    return pd.DataFrame(lines)


def test_differences_are_from_the_language_model_of_the_seed(rows, tmp_path):
    told = with_differences(rows, tmp_path)
    # 1, 0 and 3 nats more: mean 4/3, sum of squared deviations 14/3, of which each of the 3 * 2.
    assert told["above_lm"][0] == pytest.approx(4 / 3)
    assert told["above_lm_se"][0] == pytest.approx(math.sqrt(14 / 3 / 6))
    assert told["above_lm"][2] == pytest.approx(-1)
    assert told["above_lm_se"][2] == pytest.approx(1 / math.sqrt(3))
    assert told["above_lm"][3] == pytest.approx(2 / 3)
    assert told["above_lm"].isna().tolist() == [False, True, False, False, True]


def test_a_run_that_was_measured_otherwise_has_no_difference(rows, tmp_path):
    vae = RunFolder(run_path(tmp_path, "vae", 1))
    write_csv(vae.sentences_path, pd.DataFrame({"iw_nll": [11.0, 20.0], "tokens": [5, 6]}))
    RunFolder(run_path(tmp_path, "bn:gamma=0.7", 1)).sentences_path.unlink()
    told = with_differences(rows, tmp_path)
    assert told["above_lm"].isna().tolist() == [True, True, True, False, True]
    language_model = RunFolder(run_path(tmp_path, "lm", 1))
    language_model.sentences_path.unlink()
    assert with_differences(rows, tmp_path)["above_lm"].isna().all()


def test_a_likelihood_that_was_not_computed_has_no_difference(rows, tmp_path):
    rows["iw_nll"] = None
    assert with_differences(rows, tmp_path)["above_lm"].isna().all()


@pytest.mark.parametrize(
    "changes", [{"vocabulary": "letters"}, {"max_length": 9}, {"condition": "label"}], ids=str
)
def test_likelihoods_of_other_texts_are_not_compared(rows, tmp_path, changes):
    write_config(RunFolder(run_path(tmp_path, "vae", 1)), **changes)
    told = with_differences(rows, tmp_path)
    assert told["above_lm"].isna().tolist() == [True, True, False, False, True]


def test_sentences_that_were_cut_otherwise_are_not_compared(rows, tmp_path):
    path = RunFolder(run_path(tmp_path, "vae", 1)).sentences_path
    write_csv(path, pd.DataFrame({"iw_nll": LIKELIHOODS["vae", 1], "tokens": [5, 7, 6]}))
    assert pd.isna(with_differences(rows, tmp_path)["above_lm"][0])


def test_what_is_known_stays(rows, tmp_path):
    known = with_differences(rows, tmp_path)
    shutil.rmtree(run_path(tmp_path, "lm", 1))
    again = with_differences(known, tmp_path)
    pd.testing.assert_frame_equal(again, known)


@pytest.mark.parametrize("content", ["", "tokens\r\n3\r\n", "iw_nll\r\nmany\r\n"])
def test_a_damaged_file_is_a_warning(rows, tmp_path, content, caplog):
    RunFolder(run_path(tmp_path, "bn:gamma=0.7", 1)).sentences_path.write_text(content)
    told = with_differences(rows, tmp_path)
    assert told["above_lm"].isna().tolist() == [False, True, True, False, True]
    [message] = caplog.messages
    assert "sentences.csv cannot be read" in message


def test_a_mean_over_seeds_needs_all_of_them(rows, tmp_path):
    told = with_differences(rows, tmp_path)
    means = system_means(told, ["iw_nll", "above_lm"])
    assert means.loc["vae", "seeds"] == 2
    assert not pd.isna(means.loc["vae", "iw_nll"])
    assert means.loc["vae", ["above_lm", "above_lm_error"]].isna().all()


def test_the_table_explains_the_column(rows, tmp_path):
    table = density_table(with_differences(rows, tmp_path))
    assert table.columns[3] == "above_lm"
    assert "of the lm of the same seed" in table.legend["above_lm"]
    del rows["iw_nll"]
    alone = density_table(rows.assign(above_lm=None))
    assert "above_lm" not in {*alone.columns, *alone.legend}
