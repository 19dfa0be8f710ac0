"""Executes the tutorials anew and keeps their outputs: `python docs/tutorials/execute.py`."""

from pathlib import Path

import nbformat
from nbclient import NotebookClient

TUTORIALS = sorted(Path(__file__).parent.glob("*.ipynb"))


def execute(path: Path) -> nbformat.NotebookNode:
    """Runs a notebook in a fresh kernel.

    What TensorFlow says of the machine, on standard error, is left out of the outputs.

    Args:
        path: the notebook; the file is not changed.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell raises.
    """
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [out for out in cell.outputs if out.get("name") != "stderr"]
    return notebook


if __name__ == "__main__":
    for path in TUTORIALS:
        nbformat.write(execute(path), path)
