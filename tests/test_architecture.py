"""The picture of docs/architecture.md: rooms import downwards only, and none grows too large."""

import ast
from collections import Counter
from pathlib import Path

import pytest

import scale_vae_keras

PACKAGE = Path(scale_vae_keras.__file__).parent
FLOORS = [
    {"commands"},
    {"benchmarks", "report"},
    {"tuning"},
    {"runs"},
    {"text_model", "model_file"},
    {"serving"},
    {"models"},
    {"callbacks", "control", "fitting", "testing"},
    {"evaluation"},
    {"schedules"},
    {"conditions"},
    {"parts", "priors", "training"},
    {"layers", "samplers"},
    {"cache"},
    {"data"},
    {"built_in"},
    {"text"},
    {"pictures"},
    {"metrics", "tables", "event_log", "settings", "categories"},
    {"allocator", "custom", "default_sampling", "files", "lazy", "quiet"},
    {"errors"},
]
"""From the top down; a name is a folder of the package or a file in it."""

NEIGHBOURS = {
    ("samplers", "layers"),
}
"""Imports that are allowed within a floor."""

LEXICON = PACKAGE / "built_in" / "review_lexicon.py"
"""Words of a built-in corpus, not code."""

LENGTHS = {path: len(path.read_text().splitlines()) for path in PACKAGE.rglob("*.py")}


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    """The rooms that a file imports, at its top or within a function; "" is the package itself."""
    modules = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports within the package are absolute"
            modules |= {f"{node.module}.{alias.name}" for alias in node.names}
    names = [f"{module}.".split(".") for module in modules]
    return {name[1] for name in names if name[0] == PACKAGE.name} - {"__version__", "check_backend"}


@pytest.mark.parametrize(
    "path", [pytest.param(path, id=str(path.relative_to(PACKAGE))) for path in LENGTHS]
)
def test_imports_run_downwards(path):
    floors = {name: number for number, names in enumerate(FLOORS) for name in names}
    own = room(path)
    if own == "__init__":
        return
    for other in imported_rooms(path) - {own}:
        allowed = floors[own] < floors[other] or (own, other) in NEIGHBOURS
        assert allowed, f"{own} imports {other}"


def test_no_room_is_large():
    """The development server, which nothing but `serving/launcher.py` imports, is its own room."""
    rooms = Counter()
    for path, lines in LENGTHS.items():
        if path != LEXICON:
            rooms["development" if "development" in path.parts else room(path)] += lines
    assert [(name, lines) for name, lines in rooms.items() if lines >= 2800] == []


def test_no_file_is_long():
    assert {path for path, lines in LENGTHS.items() if lines > 350} == {LEXICON}
