"""Scale-VAE and its baselines for Keras 3 on TensorFlow.

Importing the package is cheap: TensorFlow is loaded when the first name is used. The models are
then registered with Keras, or at once if Keras is already imported, so that
`keras.saving.load_model` finds them; this package's `load_model` works in any order of imports.
"""

import importlib
import os
import sys

from scale_vae_keras.lazy import lazy_names

__version__ = "0.1.0"


def check_backend(backend: str | None = None) -> None:
    """Refuses any Keras backend but TensorFlow.

    Args:
        backend: its name; by default the one that the environment asks for.

    Raises:
        ImportError: it is another one.
    """
    backend = backend or os.environ.get("KERAS_BACKEND", "tensorflow")
    if backend != "tensorflow":
        raise ImportError(
            f"scale_vae_keras runs on the tensorflow backend of Keras, not on {backend!r}: "
            "set KERAS_BACKEND=tensorflow before Keras is imported"
        )


__getattr__, __dir__, __all__ = lazy_names(__name__, __file__, check_backend)

if "keras" in sys.modules and sys.modules["keras"].config.backend() == "tensorflow":
    importlib.import_module(f"{__name__}.models")
