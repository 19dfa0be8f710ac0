"""The model of a run."""

import keras

from scale_vae_keras.models.sentence_model import SentenceModel
from scale_vae_keras.runs.config import RunConfig

AUTO = "auto"
"""The precision of settings that leave it to `decide_precision`."""


def build_model(config: RunConfig, vocabulary_size: int) -> SentenceModel:
    """A new, built and compiled model of the run's system.

    Args:
        config: the settings of the run; a precision that is not decided yet is float32.
        vocabulary_size: number of token ids, specials included.

    Raises:
        InputError: settings do not go together.
    """
    keras.utils.set_random_seed(config.seed)
    precision = "float32" if config.precision == AUTO else config.precision
    model = config.system.model(vocabulary_size, **config.model_settings(), dtype=precision)
    model.build((None, None))
    model.compile(
        optimizer=keras.optimizers.SGD(config.learning_rate, global_clipnorm=config.clip_norm)
    )
    return model
