"""Callbacks for `fit`, one class per file: schedules, monitors, logs. Runs have further ones."""

from scale_vae_keras.lazy import lazy_names

# Those that log need TensorBoard, which is not loaded to generate text.
__getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
