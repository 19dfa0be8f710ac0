"""Training state that is kept in a model's weights."""

import keras

from scale_vae_keras.layers.replica import host_value
from scale_vae_keras.layers.state import add_state

_AS_ITERATIONS = -1
_NEWER = 3


class TrainingCounters:
    """Mixin for models that count how long they have been trained.

    `training_calls` gives noise and dropout, `epochs_trained` and `epoch_step` the place in the
    schedules, `skipped_steps` what the guard watches; `gradient_norm` is that of the last step that
    was applied. Files of models without the first three load, and continue as before.
    """

    def _build_step_state(self):
        self.gradient_norm = add_state(self, "gradient_norm")
        self.skipped_steps = add_state(self, "skipped_steps")
        self.training_calls = add_state(self, "training_calls", dtype="int64")
        self.epochs_trained = add_state(self, "epochs_trained", dtype="int64")
        self.epoch_step = add_state(self, "epoch_step", dtype="int64")

    @property
    def counters(self) -> list[keras.Variable]:
        """Weights that say how long training has lasted, whatever earlier weights are loaded."""
        return [
            *(self.training_calls, self.epochs_trained, self.epoch_step, self.skipped_steps),
            self.optimizer.iterations,
        ]

    def load_own_variables(self, store):
        """Loads the model's own weights, from files without the three counters of training too."""
        own = [*self._trainable_variables, *self._non_trainable_variables]
        if not self.built or len(store.keys()) != len(own) - _NEWER:
            super().load_own_variables(store)
            return
        counters = (self.training_calls, self.epochs_trained, self.epoch_step)
        for i, variable in enumerate(own[:-_NEWER]):
            variable.assign(store[str(i)])
        for counter, start in zip(counters, (_AS_ITERATIONS, 0, 0), strict=True):
            counter.assign(start)

    def _find_training_calls(self):
        # The optimizer of an older file is loaded after the model's own weights.
        if self.built and int(host_value(self.training_calls)) == _AS_ITERATIONS:
            self.training_calls.assign(self.optimizer.iterations)
