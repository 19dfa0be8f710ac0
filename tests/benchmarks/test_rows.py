import math

import pandas as pd
import pytest

from scale_vae_keras.benchmarks.rows import (
    is_of,
    read_rows,
    rows_so_far,
    system_means,
    with_rows,
)
from scale_vae_keras.tables import write_csv

ROWS = pd.DataFrame(
    {
        "system": ["vae", "scale", "scale", "lstm-lm"],
        "seed": [1, 1, 2, 1],
        "iw_nll": [37.0, 39.0, 40.0, 36.0],
        "iw_nll_se": [0.25, 0.5, 0.5, None],
        "mi": [0.4, 7.0, 8.0, None],
    }
)


def test_means_over_seeds():
    means = system_means(ROWS, ["iw_nll", "mi", "au"])
    assert list(means.index) == ["vae", "scale", "lstm-lm"]
    assert list(means["seeds"]) == [1, 2, 1]
    assert list(means["iw_nll"]) == [37.0, 39.5, 36.0]
    # The standard deviation over two seeds; of one seed, the error within the run.
    assert list(means["iw_nll_error"][:2]) == [0.25, pytest.approx(math.sqrt(0.5))]
    assert pd.isna(means["iw_nll_error"]["lstm-lm"])
    assert list(means["mi"].isna()) == [False, False, True]
    assert means["au"].isna().all()


def test_rows_are_added_and_found_again(tmp_path):
    path = tmp_path / "density.csv"
    rows = rows_so_far(path)
    assert not is_of(rows, "vae", 1).any()
    write_csv(path, with_rows(rows, [{"system": "vae", "seed": 1, "au": 3, "command": "a, b"}]))
    write_csv(
        path,
        with_rows(rows_so_far(path), [{"system": "lstm-lm", "seed": 1, "au": None, "ppl": 2.0}]),
    )
    assert path.read_text().splitlines() == [
        "system,seed,au,command,ppl",
        'vae,1,3,"a, b",',
        "lstm-lm,1,,,2.0",
    ]
    rows = read_rows(path)
    assert list(is_of(rows, "lstm-lm", 1)) == [False, True]
    assert not is_of(rows, "vae", 2).any()
