"""Packages whose names are imported when they are first used.

A package's public names stand once, in the stub `__init__.pyi` beside its `__init__.py`, where
editors and type checkers read them too.
"""

import ast
import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType


def lazy_names(
    package: str, file: str, before: Callable[[], None] | None = None
) -> tuple[Callable[[str], object], Callable[[], list[str]], list[str]]:
    """The `__getattr__`, `__dir__` and `__all__` of a package.

    Args:
        package: its `__name__`.
        file: its `__file__`.
        before: called before anything is imported.
    """
    homes = _names_in(Path(file).with_suffix(".pyi"))

    def get(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        if before is not None:
            before()
        home = importlib.import_module(homes[name])
        if home.__name__ == package:
            return _room(package, name)
        return getattr(home, name)

    return get, lambda: sorted(homes), sorted(homes)


def _room(package: str, name: str) -> ModuleType:
    return importlib.import_module(f"{package}.{name}")


def _names_in(stub: Path) -> dict[str, str]:
    """The modules that a stub imports its public names from."""
    return {
        alias.asname: node.module
        for node in ast.parse(stub.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname
    }
