"""Scale-VAE and its baselines for Keras 3 on TensorFlow.

Importing the package is cheap: TensorFlow is loaded when the first model, callback or tool is
used. The models are registered with Keras as soon as Keras itself is imported, so that
`keras.saving.load_model` finds them.
"""

import importlib
import importlib.abc
import importlib.util
import os
import sys

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


def _register_models() -> None:
    import keras

    check_backend(keras.config.backend())
    importlib.import_module(f"{__name__}.models")


class _RegisterAfterKeras(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Registers the models right after the first import of Keras."""

    def find_spec(self, fullname, path, target=None):
        """Stands in for Keras' own loader, once."""
        if fullname != "keras":
            return None
        sys.meta_path.remove(self)
        self._spec = importlib.util.find_spec("keras")
        sys.meta_path.insert(0, self)
        if self._spec is None:
            return None
        return importlib.util.spec_from_loader(
            "keras", self, origin=self._spec.origin, is_package=True
        )

    def create_module(self, spec):
        """Keras' own module."""
        spec.submodule_search_locations = self._spec.submodule_search_locations

    def exec_module(self, module):
        """Runs Keras' own code, then registers the models."""
        sys.meta_path.remove(self)
        module.__spec__ = self._spec
        module.__loader__ = self._spec.loader
        module.__file__ = self._spec.origin
        self._spec.loader.exec_module(module)
        _register_models()


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


if "keras" in sys.modules:
    _register_models()
else:
    sys.meta_path.insert(0, _RegisterAfterKeras())
