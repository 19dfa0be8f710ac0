import csv
import io

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from scale_vae_keras.tables import ComparedRuns, markdown_table, read_csv, write_csv


def test_a_table_comes_back_as_it_was(tmp_path):
    path = tmp_path / "table.csv"
    numbers = np.random.default_rng(0).normal(size=1000) * 10.0 ** np.arange(-250, 250, 0.5)
    table = pd.DataFrame({"system": "scale:f_epo=1, x", "nll": numbers, "seed": range(1000)})
    write_csv(path, table)
    again = read_csv(path)
    assert list(again["nll"]) == list(numbers)
    assert list(again["seed"]) == list(range(1000))
    before = path.read_bytes()
    write_csv(path, again)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["table.csv"]


def test_missing_values_and_whole_numbers(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b"system,au,mi,note\r\nvae,3,0.5,\r\nlstm-lm,None,None,None\r\nbn,,nan,x\r\n")
    table = read_csv(path, text=("system", "note", "absent"))
    assert list(table["au"].dropna()) == [3]
    assert pd.api.types.is_integer_dtype(table["au"])
    assert table.isna().to_numpy().tolist() == [
        [False, False, False, True],
        [False, True, True, False],
        [False, True, True, False],
    ]
    assert list(table["note"].dropna()) == ["None", "x"]
    write_csv(path, table)
    assert path.read_bytes() == b"system,au,mi,note\r\nvae,3,0.5,\r\nlstm-lm,,,None\r\nbn,,,x\r\n"


def test_text_that_looks_like_a_number_stays_text(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("corpus,version,corpus_fingerprint\n007,1.10,12e4\n")
    text = ("corpus", "version", "corpus_fingerprint")
    assert read_csv(path, text).to_numpy().tolist() == [["007", "1.10", "12e4"]]


def test_other_readers_read_it(tmp_path):
    path = tmp_path / "table.csv"
    write_csv(path, pd.DataFrame({"a": ['say "x", y', "b\nc"], "b": [1.5, None]}))
    with path.open(newline="") as file:
        assert list(csv.DictReader(file)) == [
            {"a": 'say "x", y', "b": "1.5"},
            {"a": "b\nc", "b": ""},
        ]


def test_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")

    class Broken:
        def __str__(self):
            raise RuntimeError("no text")

    with pytest.raises(RuntimeError, match="no text"):
        write_csv(path, pd.DataFrame({"a": [Broken()]}))
    assert path.read_text() == "old"


def test_markdown():
    table = pd.DataFrame({"system": ["vae", "scale"], "mi": ["0.1", "7.25"]})
    assert markdown_table(table) == (
        "| system | mi |\n| --- | --- |\n| vae | 0.1 |\n| scale | 7.25 |"
    )
    assert markdown_table(table, aligned=True) == (
        "| system |   mi |\n| ------ | ---- |\n|    vae |  0.1 |\n|  scale | 7.25 |"
    )
    assert markdown_table(table[:0]) == "| system | mi |\n| --- | --- |"


def lines_at(width, shown):
    console = Console(file=io.StringIO(), width=width)
    console.print(shown)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("width", [40, 80, 120, 250])
@pytest.mark.parametrize("runs", [1, 3, 5])
def test_no_figure_is_cut_on_a_narrow_terminal(width, runs):
    metrics = [f"metric_{k}" for k in range(12)]
    figures = {
        f"folder/run[{r}]": {name: f"{100 * r + k}.886 ± 2.345" for k, name in enumerate(metrics)}
        for r in range(runs)
    }
    about = {name: ("nats per sentence", f"the meaning of {name}") for name in metrics}
    lines = lines_at(width, ComparedRuns(figures, about))
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    for mine in figures.values():
        for figure in mine.values():
            assert text.count(f" {figure} ") == 1
    assert text.count("the meaning of") == len(metrics) or width == 40
    if width >= 80:
        assert all(name in text for name in figures)


def test_figures_stand_in_rows_where_that_fits():
    about = {"kl": ("nats", "rate"), "au": ("", "active units")}
    figures = {"a": {"kl": "1.25", "au": "3"}, "b": {"kl": "2.50", "au": "4"}}
    wide = lines_at(80, ComparedRuns(figures, about))
    assert [cell.strip() for cell in wide[3].split("│")[1:-1]] == [
        "kl",
        "nats",
        "1.25",
        "2.50",
        "rate",
    ]
    middle = lines_at(34, ComparedRuns(figures, about))
    assert [cell.strip() for cell in middle[3].split("│")[1:-1]] == ["kl", "nats", "1.25", "2.50"]
    assert middle[-2:] == ["kl: rate, nats", "au: active units"]
    narrow = lines_at(26, ComparedRuns(figures, about))
    assert [cell.strip() for cell in narrow[3].split("│")[1:-1]] == ["a", "1.25", "3"]
