"""From a run to a served model: export, development server and client."""

from scale_vae_keras.lazy import lazy_names

_HOMES = {
    "export": "exporter",
    "serve": "launcher",
    "Client": "client",
    "ServingError": "client",
}

__all__ = list(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
