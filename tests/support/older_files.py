"""A corpus, runs and an export that version 0.1.0 wrote before its rooms were moved."""

import tarfile
from pathlib import Path

FIXTURES = Path(__file__).parents[1] / "fixtures" / "before_rooms"


def unpack_older_files(folder: Path) -> Path:
    """Unpacks `corpus/`, `run/`, `batch_norm_run/`, `export/1/` and adds `text.txt`.

    `text.txt` has the test sentences without their labels. The runs name their corpus `corpus`:
    work in the folder.
    """
    with tarfile.open(FIXTURES / "files.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    lines = (folder / "corpus" / "test.txt").read_text().splitlines()
    (folder / "text.txt").write_text("".join(line.split("\t")[1] + "\n" for line in lines))
    return folder
