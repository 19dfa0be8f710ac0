"""Linear annealing of the KL weight."""

import tensorflow as tf

from scale_vae_keras.schedules.weight_schedule import WeightSchedule
from scale_vae_keras.settings import real_number


class LinearKLAnnealing(WeightSchedule):
    """Raises the model's `kl_weight` from `start` to 1, linearly per step, over `epochs` epochs.

    Bowman et al. (2016); the form of the lagging-encoder protocol, with 10 epochs from 0 or 0.1.

    Args:
        start: the weight of the first step, in [0, 1].
        epochs: epochs until the weight is 1; 0 keeps it at 1.
        after: epochs before the first, of weight 0, as those of `AutoencoderPretraining`.

    Raises:
        InputError: an argument is out of its range.

    Example:
        >>> annealing = sv.callbacks.LinearKLAnnealing(start=0.1, epochs=10)
        >>> step = tf.constant([0.0, 500.0, 1000.0, 1500.0], tf.float64)
        >>> annealing.value(step, steps=100).numpy()
        array([0.1 , 0.55, 1.  , 1.  ])
    """

    def __init__(self, start: float = 0.0, epochs: int = 10, after: int = 0):
        super().__init__()
        self.start = real_number("start", start, least=0, most=1)
        self.epochs = real_number("epochs", epochs, least=0)
        self.after = real_number("after", after, least=0)

    def value(self, step: tf.Tensor, steps: int) -> tf.Tensor:
        """The weight of a step of the run."""
        place, ramp = step - self.after * steps, self.epochs * steps
        done = 1.0 if ramp == 0 else tf.minimum(place / ramp, 1.0)
        weight = self.start + (1.0 - self.start) * done
        return tf.where(place < 0, tf.zeros_like(place), tf.cast(weight, place.dtype))
