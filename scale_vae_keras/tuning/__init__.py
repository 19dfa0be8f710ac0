"""Search for the settings of Scale-VAE with KerasTuner."""

from scale_vae_keras.lazy import lazy_names

_HOMES = {
    "Range": "search_space",
    "SEARCH_SPACE": "search_space",
    "ScaleVAEHyperModel": "scale_vae_hypermodel",
}

__all__ = list(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
