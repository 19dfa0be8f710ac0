"""From a run to a served model: export, development server and client."""

from scale_vae_keras.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
