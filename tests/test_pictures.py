from pathlib import Path

import pytest

from scale_vae_keras.benchmarks.paper.table import draw_paper_table
from scale_vae_keras.benchmarks.rows import read_rows

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
