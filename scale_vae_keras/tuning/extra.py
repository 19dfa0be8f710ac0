"""KerasTuner, where it is installed."""

try:
    import keras_tuner
except ImportError as error:
    raise ImportError("tuning needs KerasTuner: pip install 'scale-vae-keras[tune]'") from error

__all__ = ["keras_tuner"]
