"""What the schedules of a weight of the loss have in common."""

import keras

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.replica import host_value


class WeightSchedule(keras.callbacks.Callback):
    """Sets a weight of the loss before each step; subclasses define `value`.

    The step counts from the start of the run, so that a resumed run goes on in the schedule. Adds
    the weight, under its name, to the epoch's logs.

    Attributes:
        weight: name of the model's variable.

    Raises:
        InputError: the number of steps of an epoch is unknown.
    """

    weight = "kl_weight"

    def value(self, step: int, steps: int) -> float:
        """The weight of a step.

        Args:
            step: its number in the run, from 0.
            steps: steps of an epoch.
        """
        raise NotImplementedError

    def on_epoch_begin(self, epoch, logs=None):
        """Remembers where in the run this epoch starts."""
        if self.params["steps"] is None:
            raise InputError("data of unknown length: pass steps_per_epoch to fit")
        self._first_step = epoch * self.params["steps"]

    def on_train_batch_begin(self, batch, logs=None):
        """Sets the weight of this step."""
        value = self.value(self._first_step + batch, self.params["steps"])
        getattr(self.model, self.weight).assign(value)

    def on_epoch_end(self, epoch, logs=None):
        """Adds the weight to the epoch's logs."""
        if logs is not None:
            logs[self.weight] = float(host_value(getattr(self.model, self.weight)))
