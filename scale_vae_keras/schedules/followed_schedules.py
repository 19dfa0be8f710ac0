"""The schedules that a model's training steps follow."""

from collections.abc import Hashable

import keras
import tensorflow as tf

from scale_vae_keras.schedules.weight_schedule import WeightSchedule


class FollowedSchedules:
    """At most one schedule for each weight of the loss, evaluated in the graph of the step."""

    def __init__(self):
        self._of_weight = {}

    def add(self, schedule: WeightSchedule, steps: int) -> None:
        """Follows a schedule from now on.

        Args:
            schedule: the schedule; `fit` takes one for each weight.
            steps: steps per epoch.
        """
        self._of_weight[schedule.weight] = (schedule, steps)

    def remove(self, schedule: WeightSchedule) -> None:
        """Follows a schedule no longer."""
        self._of_weight.pop(schedule.weight, None)

    def clear(self) -> None:
        """Follows none."""
        self._of_weight.clear()

    def key(self) -> Hashable:
        """Equal for schedules whose graphs are equal."""
        return tuple((each.settings(), steps) for each, steps in self._of_weight.values())

    def apply(self, model: keras.Model) -> None:
        """Sets each weight to that of the step that `epochs_trained` and `epoch_step` count."""
        for name, (schedule, steps) in self._of_weight.items():
            step = model.epochs_trained * steps + model.epoch_step
            value = schedule.value(tf.cast(step, tf.float64), steps)
            getattr(model, name).assign(tf.cast(value, tf.float32))
