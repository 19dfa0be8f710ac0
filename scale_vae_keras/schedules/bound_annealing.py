"""The move from the objective of Scale-VAE to a bound."""

import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.schedules.weight_schedule import WeightSchedule


class BoundAnnealing(WeightSchedule):
    """Raises the `bound_weight` of a `ScaleVAE(bound="annealed")` from 0 to 1, linearly per step.

    At weight 0 the model trains on the objective of the Scale-VAE paper, at weight 1 on a lower
    bound of the log-likelihood of its generator; see `ScaleVAE`.

    Args:
        start: epochs before the weight begins to rise.
        epochs: epochs from then until it is 1; 0 makes it 1 at once.

    Raises:
        InputError: an argument is out of its range, or the model has no `bound_weight`.

    Example:
        >>> annealing = sv.callbacks.BoundAnnealing(start=10, epochs=10)
        >>> step = tf.constant([0.0, 1000.0, 1500.0, 2000.0], tf.float64)
        >>> annealing.value(step, steps=100).numpy()
        array([0. , 0. , 0.5, 1. ])
    """

    weight = "bound_weight"

    def __init__(self, start: int = 10, epochs: int = 10):
        super().__init__()
        if not (start >= 0 and epochs >= 0):
            raise InputError(
                f"the bound cannot be annealed from epoch {start} on over {epochs} epochs"
            )
        self.start = start
        self.epochs = epochs

    def on_train_begin(self, logs=None):
        """Checks that the model has a weight to raise, and gives it the schedule."""
        if not hasattr(self.model, "bound_weight"):
            raise InputError('BoundAnnealing needs a ScaleVAE(bound="annealed")')
        super().on_train_begin(logs)

    def value(self, step: tf.Tensor, steps: int) -> tf.Tensor:
        """The weight of a step of the run."""
        step, ramp = step - self.start * steps, self.epochs * steps
        if ramp == 0:
            return tf.cast(step >= 0, tf.float64)
        return tf.clip_by_value(step / ramp, 0.0, 1.0)
