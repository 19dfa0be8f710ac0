"""From a run to a served model: export, development server and client."""

import importlib

_HOMES = {
    "export": "exporter",
    "serve": "launcher",
    "Client": "client",
    "ServingError": "client",
}

__all__ = list(_HOMES)


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
