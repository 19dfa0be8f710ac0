"""Scale-VAE and its baselines for Keras 3 on TensorFlow.

Importing the package is cheap: TensorFlow is loaded when the first model, callback or tool is
used.
"""

import importlib
import os

__version__ = "0.1.0"

_HOMES = {
    "InputError": "errors",
    "Vocabulary": "text.vocabulary",
    "Tokenizer": "text.tokenizer",
    "AggressiveVAE": "models",
    "BatchNormVAE": "models",
    "BetaVAE": "models",
    "DUVAE": "models",
    "DeltaVAE": "models",
    "FreeBitsVAE": "models",
    "InfoVAE": "models",
    "LanguageModel": "models",
    "MutualPosteriorVAE": "models",
    "PretrainedVAE": "models",
    "ScaleVAE": "models",
    "SemiAmortizedVAE": "models",
    "SkipVAE": "models",
    "TextVAE": "models",
}
_ROOMS = (
    *("callbacks", "data", "evaluation", "layers", "models", "samplers", "serving", "text"),
    "tuning",
)

__all__ = [*_HOMES, *_ROOMS]


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


def __getattr__(name: str):
    if name in __all__:
        check_backend()
    if name in _HOMES:
        home = importlib.import_module(f"{__name__}.{_HOMES[name]}")
        return getattr(home, name)
    if name in _ROOMS:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
