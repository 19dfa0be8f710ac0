import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scale_vae_keras.benchmarks.paper.table import draw_paper_table
from scale_vae_keras.benchmarks.rows import read_rows
from scale_vae_keras.errors import InputError
from scale_vae_keras.pictures import check_picture, draw_latent_map

DATA = Path(__file__).resolve().parents[1] / "docs" / "data"


@pytest.mark.parametrize("name", ["short_yelp_table1", "yahoo_table1"])
def test_labels_cover_neither_each_other_nor_a_bar_or_a_line(name, tmp_path, monkeypatch):
    pyplot = pytest.importorskip("matplotlib.pyplot", reason="needs the extra plots")
    from matplotlib.path import Path as Line
    from matplotlib.text import Text

    drawn, close = [], pyplot.close
    monkeypatch.setattr(pyplot, "close", drawn.append)
    draw_paper_table(read_rows(DATA / f"{name}.csv"), tmp_path / "picture.png")
    [figure] = drawn
    [axis] = figure.axes
    renderer = figure.canvas.get_renderer()
    labels = {}
    for text in axis.texts:
        text.update_positions(renderer)
        if text.get_rotation() == 0:
            labels[text.get_text()] = Text.get_window_extent(text, renderer)
    assert {"vae", "bn"} <= set(labels)
    boxes = list(labels.values())
    for number, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:number])
    lines = [
        segment
        for container in axis.containers
        for bars in container.lines[2]
        for segment in bars.get_segments()
    ]
    assert len(lines) == 2 * len(axis.containers) > 4
    crossed = [
        label
        for segment in lines
        for label, box in labels.items()
        if Line(axis.transData.transform(segment)).intersects_bbox(box, filled=False)
    ]
    assert crossed == []
    close(figure)


def test_bars_are_errors_of_differences_where_all_are_known(tmp_path, monkeypatch):
    pyplot = pytest.importorskip("matplotlib.pyplot", reason="needs the extra plots")
    drawn, close = [], pyplot.close
    monkeypatch.setattr(pyplot, "close", drawn.append)
    rows = pd.DataFrame(
        {
            "system": ["lm", "vae", "scale"],
            "mi": [None, 0.1, 6.5],
            "iw_nll": [36.5, 36.6, 36.9],
            "iw_nll_se": 0.44,
            "above_lm": [None, 0.1, 0.4],
            "above_lm_se": [None, 0.05, 0.05],
        }
    )
    draw_paper_table(rows, tmp_path / "picture.png")
    draw_paper_table(rows.assign(above_lm=[None, 0.1, None]), tmp_path / "picture.png")
    axes = [figure.axes[0] for figure in drawn]
    heights = [
        max(
            np.ptp(segment[:, 1])
            for container in axis.containers
            for bar in container.lines[2]
            for segment in bar.get_segments()
        )
        for axis in axes
    ]
    assert heights == pytest.approx([0.1, 0.88])
    assert ["difference" in axis.get_ylabel() for axis in axes] == [True, False]
    for figure in drawn:
        close(figure)


def test_a_picture_that_cannot_be_written_is_refused_before_it_is_drawn(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib", reason="needs the extra plots")
    for name in ("a.png", "a.svg"):
        check_picture(tmp_path / name)
    for name in ("a.txt", "a"):
        with pytest.raises(InputError, match=f"{name} is no name of a picture: give one that ends"):
            check_picture(tmp_path / name)
    with pytest.raises(InputError, match=r"there is no folder .*missing: make it first"):
        check_picture(tmp_path / "missing" / "a.png")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(InputError, match="pictures need matplotlib: pip install"):
        check_picture(tmp_path / "a.png")


def test_values_are_anyones_text(tmp_path, monkeypatch):
    pyplot = pytest.importorskip("matplotlib.pyplot", reason="needs the extra plots")
    drawn = []
    monkeypatch.setattr(pyplot, "close", drawn.append)
    values = ["$$", "_pos", "$5-$10", "$"]
    means = np.random.default_rng(0).normal(size=[4, 3])
    draw_latent_map({"a": means}, values, "$$", tmp_path / "picture.png")
    [figure] = drawn
    legend = figure.axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == sorted(values)
    assert not any(text.get_parse_math() for text in legend.get_texts())
