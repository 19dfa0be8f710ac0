"""The tutorials run from their first cell to the last, and keep outputs that can be read."""

import runpy
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "tutorials"
TUTORIALS = pytest.mark.parametrize(
    "path", sorted(FOLDER.glob("*.ipynb")), ids=lambda path: path.stem
)


def kinds(notebook) -> list[set[str]]:
    """What kinds of output each cell of code has."""
    return [
        {output.output_type for output in cell.outputs}
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


@TUTORIALS
def test_it_runs(path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    executed = runpy.run_path(str(FOLDER / "execute.py"))["execute"](path)
    assert kinds(executed) == kinds(nbformat.read(path, as_version=4))


@TUTORIALS
def test_what_is_kept(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    text = path.read_text(encoding="utf-8")
    assert "/home/" not in text
    assert "site-packages" not in text
    assert str(FOLDER.parents[1]) not in text
    assert len(text) < 200_000
    for cell in code:
        assert not any(output.get("name") == "stderr" for output in cell.outputs)
