"""The model of a run."""

from collections.abc import Sequence

import keras

from scale_vae_keras.models.sentence_model import SentenceModel
from scale_vae_keras.parts.backbone_encoder import BackboneEncoder
from scale_vae_keras.priors import get_prior
from scale_vae_keras.runs.config import RunConfig

AUTO = "auto"
"""The precision of settings that leave it to `decide_precision`."""


def build_model(
    config: RunConfig, vocabulary_size: int, labels: Sequence[str] = ()
) -> SentenceModel:
    """A new, built and compiled model of the run's system.

    Args:
        config: the settings of the run; a precision that is not decided yet is float32.
        vocabulary_size: number of token ids, specials included.
        labels: the names of the labels, for a condition.

    Raises:
        InputError: settings do not go together, or the backbone's preset cannot be read.
    """
    keras.utils.set_random_seed(config.seed)
    precision = "float32" if config.precision == AUTO else config.precision
    settings = config.model_settings()
    if getattr(config, "backbone", None) is not None:
        settings["encoder"] = BackboneEncoder.from_preset(
            config.backbone, config.pooling, config.train_backbone, dtype=precision
        )
    if getattr(config, "prior_components", None) is not None:
        settings["prior"] = get_prior(config.prior, config.prior_components)
    model = config.system.model(vocabulary_size, **settings, labels=labels, dtype=precision)
    model.build((None, None))
    kinds = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}
    optimizer = kinds[config.optimizer]
    model.compile(optimizer=optimizer(config.learning_rate, global_clipnorm=config.clip_norm))
    return model
