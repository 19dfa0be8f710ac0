"""A trained model that computes in another precision."""

from typing import Any

import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.models.sentence_model import SentenceModel

PRECISIONS = ("float32", "bfloat16", "float16")
"""The dtypes that encoder and decoder of a trained model can have."""


def in_precision(model: SentenceModel, precision: str | None) -> SentenceModel:
    """A trained model with encoder and decoder of another dtype, for everything but training.

    It gives what a model of mixed precision does with the same weights, without casting them at
    every step. Posterior, factor, prior, KL and the sums of log-probabilities are float32 in all.

    Args:
        model: a built model with weights of float32.
        precision: "float32", "bfloat16" or "float16"; None for what the model has.

    Returns:
        The model itself where it has this dtype; else a new one, which is not compiled.

    Raises:
        InputError: there is no such precision.

    Example:
        >>> model = sv.TextVAE(9, latent_dim=2, embedding_dim=3, units=4)
        >>> in_precision(model, "bfloat16").encoder([[1, 5, 2]]).dtype
        tf.bfloat16
    """
    if precision is None:
        return model
    if precision not in PRECISIONS:
        raise InputError(f"precision is {precision!r}: give one of {', '.join(PRECISIONS)}")
    model.ensure_built()
    own = model.dtype_policy.name
    if own == precision:
        return model
    config = model.get_config()
    for part in ("encoder", "decoder"):
        if part in config:
            config[part] = _renamed(config[part], own, precision)
    other = type(model).from_config({**config, "dtype": precision})
    other.ensure_built()
    for weight, value in zip(other.variables, model.variables, strict=True):
        weight.assign(tf.cast(value.value, weight.dtype))
    return other


def _renamed(config: Any, own: str, precision: str) -> Any:
    """What `config_of` made of a part, each policy `own` in it replaced by `precision`."""
    if isinstance(config, dict):
        if config.get("class_name") == "DTypePolicy" and config["config"] == {"name": own}:
            return {**config, "config": {"name": precision}}
        return {name: _renamed(value, own, precision) for name, value in config.items()}
    if isinstance(config, list):
        return [_renamed(value, own, precision) for value in config]
    return config
