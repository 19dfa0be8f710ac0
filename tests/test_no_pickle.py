"""A pickle runs what is in it when it is read, so no file of ours is one."""

import re
from pathlib import Path

import numpy as np
import pytest

from scale_vae_keras.serving.tensor_file import read_arrays, write_arrays

ROOT = Path(__file__).resolve().parents[1]
PICKLES = re.compile(r"allow_pickle=True|import (c?[pP]ickle|dill|joblib|shelve|marshal)\b")
SOURCES = [
    source
    for folder in ("scale_vae_keras", "measurements", "serving", "docs", "tests")
    for source in sorted((ROOT / folder).rglob("*.py"))
    if source != Path(__file__).resolve()
]


def test_no_source_reads_or_writes_a_pickle():
    assert len(SOURCES) > 200
    assert [source for source in SOURCES if PICKLES.search(source.read_text())] == []


@pytest.mark.parametrize(
    "array",
    [
        np.array([b"a\0", b"", b"\xff\xfe", "ä".encode()], object),
        np.array([[1.5, np.nan], [-np.inf, 1e-45]], np.float32),
        np.array([-(2**63), 2**63 - 1]),
        np.array([True, False]),
        np.zeros([0, 4], np.float32),
    ],
)
def test_arrays_of_text_and_numbers_come_back(array, tmp_path):
    write_arrays(tmp_path / "file", {"a/b": array, "c": array[:1]})
    back = read_arrays(tmp_path / "file")
    assert list(back) == ["a/b", "c"]
    assert back["a/b"].dtype == array.dtype
    np.testing.assert_array_equal(back["a/b"], array)
