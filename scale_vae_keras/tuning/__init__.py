"""Search for the settings of Scale-VAE with KerasTuner."""

import importlib

_HOMES = {
    "Range": "search_space",
    "SEARCH_SPACE": "search_space",
    "ScaleVAEHyperModel": "scale_vae_hypermodel",
}

__all__ = list(_HOMES)


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
