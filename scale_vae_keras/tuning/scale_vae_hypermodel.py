"""Scale-VAE as a search space of models, for any tuner of KerasTuner."""

from collections.abc import Mapping, Sequence

import keras
import tensorflow as tf

from scale_vae_keras.callbacks.fit_prior import FitPrior
from scale_vae_keras.callbacks.halving_schedule import HalvingSchedule
from scale_vae_keras.callbacks.latent_monitor import LatentMonitor
from scale_vae_keras.errors import InputError
from scale_vae_keras.models.scale_vae import ScaleVAE
from scale_vae_keras.runs.build_model import build_model
from scale_vae_keras.runs.config import RunConfig
from scale_vae_keras.schedules.order import in_order
from scale_vae_keras.settings import settings_of
from scale_vae_keras.text.tokenizer import Tokenizer
from scale_vae_keras.tuning.extra import keras_tuner
from scale_vae_keras.tuning.search_space import SearchSpace

_READ = {"optimizer", "learning_rate", "clip_norm", "decay", "decay_start", "precision"}
_UNREAD = {each.name for each in settings_of(RunConfig)} - _READ | {"select_by"}
"""Settings of a run's text, batches and files, in whose place the user's own are."""


class ScaleVAEHyperModel(keras_tuner.HyperModel):
    """Builds, compiles and trains Scale-VAE with the settings that a tuner chooses.

    `fit` takes what `ScaleVAE.fit` takes, and needs `validation_data`. It adds the epoch average of
    the factor, the annealing of the KL weight, the halving of the learning rate, and
    `LatentMonitor`. The tuner's objective can be "val_elbo_nll", the proper one; "val_loss", which
    is the paper's objective and falls with a larger `des_std` alone; or "mi", to be maximised.

    Args:
        tokenizer_or_vocabulary_size: the tokenizer, or the number of token ids, specials included.
        search_space: what is other than in `SEARCH_SPACE`, by setting: a `Range`, the values to
            choose from, or one value, which fixes the setting. Settings that are neither searched
            nor fixed have the values of the preset `small`.
        seed: seed of initial weights, latent noise and dropout.

    Raises:
        InputError: a setting is unknown, one that is searched has no effect on the model and its
            training, a fixed value is out of range, or the decay of the learning rate is another
            than halving.

    Example:
        >>> tuner = keras_tuner.RandomSearch(
        ...     ScaleVAEHyperModel(tokenizer),
        ...     objective=keras_tuner.Objective("val_elbo_nll", "min"),
        ...     max_trials=12,
        ... )
        >>> tuner.search(train, validation_data=valid, epochs=10, shuffle=False)
    """

    def __init__(
        self,
        tokenizer_or_vocabulary_size: Tokenizer | int,
        search_space: Mapping[str, object] | None = None,
        seed: int = RunConfig.seed,
    ):
        super().__init__(name="scale_vae")
        size = tokenizer_or_vocabulary_size
        self.vocabulary_size = len(size.vocabulary) if isinstance(size, Tokenizer) else size
        self.space = SearchSpace(search_space, seed=seed)
        if "decay" in self.space.searched or self.space.fixed.get("decay", "halving") != "halving":
            raise InputError("the hypermodel halves the learning rate: leave decay out")
        idle = sorted(_UNREAD & self.space.searched.keys())
        if idle:
            raise InputError(
                f"{idle[0]} has no effect on the model and its training, which is on the batches "
                "that are given: leave it out"
            )

    def build(self, hp) -> ScaleVAE:
        """A new, built and compiled model.

        Args:
            hp: a `keras_tuner.HyperParameters`.
        """
        return build_model(self._config(hp), self.vocabulary_size)

    def fit(
        self,
        hp,
        model: ScaleVAE,
        *args,
        validation_data: tf.data.Dataset,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        **kwargs,
    ) -> keras.callbacks.History:
        """Trains a model.

        Args:
            hp: a `keras_tuner.HyperParameters`.
            model: what `build` gave for it.
            *args: of `keras.Model.fit`.
            validation_data: batches of int32 ids `[batch, time]`.
            callbacks: further ones, after those of the hypermodel.
            **kwargs: of `keras.Model.fit`.
        """
        config = self._config(hp)
        own = [
            *config.system.callbacks(config),
            HalvingSchedule(config.learning_rate, config.decay_start),
            LatentMonitor(validation_data, config.seed),
        ]
        if model.prior.needs_fit:
            own.append(FitPrior(args[0] if args else kwargs["x"], seed=config.seed))
        return model.fit(
            *args, validation_data=validation_data, callbacks=in_order([*own, *callbacks]), **kwargs
        )

    def _config(self, hp):
        return self.space.config(self.space.declare(hp))
