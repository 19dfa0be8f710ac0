"""The base class of schedules of a weight of the loss."""

from collections.abc import Hashable

import keras
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.graphs import comparable
from scale_vae_keras.layers.replica import host_value
from scale_vae_keras.schedules.order import Stage


class WeightSchedule(keras.callbacks.Callback):
    """Sets a weight of the loss before each step; subclasses define `value`.

    The weight is computed inside the training step from the epochs and steps that the model has
    counted, so that it is that of the step under any `steps_per_execution`, and that a second `fit`
    or a resumed run continues the schedule. Adds the weight, under its name, to the epoch's logs.
    The public attributes of a subclass are its settings.

    Attributes:
        weight: name of the model's variable.

    Raises:
        InputError: the number of steps per epoch is unknown, the model has no such variable, or
            it does not follow schedules.

    Example:
        >>> class HalfKL(sv.schedules.WeightSchedule):
        ...     def value(self, step, steps):
        ...         return tf.minimum(step / steps, 0.5)
        >>> float(HalfKL().value(tf.constant(25.0, tf.float64), steps=100))
        0.25
    """

    stage = Stage.SCHEDULE

    weight = "kl_weight"

    def value(self, step: tf.Tensor, steps: int) -> tf.Tensor:
        """The weight of a step, a float64 scalar.

        Args:
            step: its number in the run, from 0, a float64 scalar.
            steps: steps per epoch.
        """
        raise NotImplementedError

    def settings(self) -> Hashable:
        """Equal for schedules that give equal values."""
        names = sorted(name for name in vars(self) if not name.startswith("_") and name != "params")
        return type(self), *((name, comparable(getattr(self, name))) for name in names)

    def on_train_begin(self, logs=None):
        """Gives the model its schedule."""
        name = self.model.name
        if not hasattr(self.model, "followed"):
            raise InputError(
                f"{type(self).__name__} needs a model of scale_vae_keras, whose steps follow "
                f"schedules, not {name!r}"
            )
        if not hasattr(self.model, self.weight):
            raise InputError(f"{type(self).__name__}: {name!r} has no {self.weight} to change")
        if self.params.get("steps") is None:
            raise InputError("data of unknown length: pass steps_per_epoch to fit")
        self.model.followed.add(self, self.params.get("steps"))

    def on_epoch_end(self, epoch, logs=None):
        """Adds the weight to the epoch's logs."""
        if logs is not None:
            logs[self.weight] = float(host_value(getattr(self.model, self.weight)))

    def on_train_end(self, logs=None):
        """Leaves the weight as it is."""
        self.model.followed.remove(self)
