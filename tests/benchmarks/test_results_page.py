"""The tables of the results and of the README are those of the figures in docs/data."""

import itertools
import os
import runpy
from pathlib import Path

import pandas as pd
import pytest

from scale_vae_keras.benchmarks.density.table import density_markdown, shown_means
from scale_vae_keras.benchmarks.paper.table import show_paper_table
from scale_vae_keras.benchmarks.rows import read_rows, system_means
from scale_vae_keras.metrics import EVALUATION, STRUCTURE
from scale_vae_keras.tables import markdown_table, read_csv

DOCS = Path(__file__).parents[2] / "docs"
TABLES = sorted(DOCS.glob("data/*_table?.csv"))
ALL = pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)


def test_there_are_tables():
    assert TABLES


@ALL
def test_the_page_has_the_table(path):
    page = (DOCS / "results-short-runs.md").read_text(encoding="utf-8")
    assert show_paper_table(path).strip() in page
    if path.stem.endswith("table1"):
        measures = next(
            part for part in density_markdown(read_rows(path)).split("\n\n") if part[0] == "|"
        )
        assert measures in page


def test_the_readme_quotes_the_table_of_the_whole_of_short_yelp():
    """Some of its rows, each with some of its columns."""
    script = runpy.run_path(str(DOCS.parent / "measurements" / "two_decoders.py"))
    shown = script["markdown"](read_rows(DOCS / "data" / "whole_short_yelp.csv"))
    head, _, *rows = table_rows(f"\n{shown}")
    page = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    quoted_head, _, *quoted = table_rows(page)
    columns = [head.index(name) for name in quoted_head]
    assert len(quoted) >= 3
    assert set(quoted) <= {tuple(row[column] for column in columns) for row in rows}


def table_rows(page: str) -> list[tuple[str, ...]]:
    """The rows of the first table of a page in Markdown."""
    lines = page[page.index("\n| ") :].strip().splitlines()
    table = itertools.takewhile(lambda line: line.startswith("|"), lines)
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in table]


def test_the_page_has_the_variants(monkeypatch):
    monkeypatch.setattr(os, "environ", dict(os.environ))
    script = runpy.run_path(str(DOCS.parent / "measurements" / "scale_variants.py"))
    shown = script["markdown"](read_csv(DOCS / "data" / "scale_variants.csv"))
    assert shown in (DOCS / "results-short-runs.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("path", "page"),
    [
        *((path, "results-short-runs.md") for path in DOCS.glob("data/two_decoders_*.csv")),
        *((path, "results.md") for path in DOCS.glob("data/whole_*.csv")),
    ],
    ids=lambda value: getattr(value, "stem", ""),
)
def test_the_page_has_both_decoders(path, page):
    script = runpy.run_path(str(DOCS.parent / "measurements" / "two_decoders.py"))
    rows = read_rows(path)
    assert script["markdown"](rows) in (DOCS / page).read_text(encoding="utf-8")
    assert rows["version"].notna().all()
    assert set(rows["corpus_fingerprint"].str.len()) == {64}


@ALL
def test_a_row_says_where_it_comes_from(path):
    rows = read_rows(path)
    assert rows["version"].notna().all()
    assert (rows["seed"] >= 0).all()
    assert set(rows["corpus_fingerprint"].str.len()) == {64}
    assert rows["command"].str.startswith("scale-vae benchmark paper --table").all()


def structure_table(path):
    """The structure of the codes of systems, the least information first."""
    record = {name: EVALUATION[name] for name in ("mi", "au", "iw_nll")} | STRUCTURE
    rows = read_rows(path)
    means = system_means(rows, record).sort_values("mi", kind="stable")
    shown = {name: shown_means(means, name, record) for name in ("mi", "au", *STRUCTURE, "iw_nll")}
    seeds = means["seeds"].map(str).to_numpy()
    return markdown_table(pd.DataFrame({"system": means.index, "seeds": seeds, **shown}))


def written_table(path):
    """What runs wrote by default, and the perplexity of their own distributions."""
    rows = read_csv(path)
    default, own = (rows[rows["top_p"] == p].set_index("system") for p in (0.9, 1))
    shown = {"system": default.index, "ppl": default["ppl"], "ppl, all words": own["ppl"]}
    measures = ("gram_4", "dist_2", "self_bleu", "reconstruction_bleu")
    shown |= {name: default[name] for name in measures}
    table = pd.DataFrame(shown)
    table[table.columns[1:]] = table[table.columns[1:]].map("{:.1f}".format)
    return markdown_table(table)


def test_the_page_has_what_was_written():
    page = (DOCS / "results.md").read_text(encoding="utf-8")
    assert written_table(DOCS / "data" / "written_short_yelp.csv") in page


def test_the_guide_has_the_structure_of_reviews():
    path = DOCS / "data" / "reviews_structure.csv"
    page = (DOCS / "guides" / "control.md").read_text(encoding="utf-8")
    assert structure_table(path) in page
    said = " ".join(page.replace("\\\n", "").split())
    for command in read_rows(path)["command"].unique():
        assert command in said
