"""Cyclical annealing of the KL weight."""

import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.schedules.weight_schedule import WeightSchedule
from scale_vae_keras.settings import real_number


class CyclicalKLAnnealing(WeightSchedule):
    """Raises the model's `kl_weight` from `start` to 1 again and again.

    Fu et al. (2019), "Cyclical Annealing Schedule". Every cycle lasts `cycle_epochs`; over its
    first `ramp_epochs` the weight rises linearly, a step at a time, and then it stays at 1. The
    original schedule has four cycles over the whole run, half of each a ramp; later work
    uses cycles of 20 epochs with ramps of 10, the first of them cut short after one epoch
    (`first_epochs=1`).

    Args:
        cycle_epochs: length of a cycle, in epochs or parts of them.
        ramp_epochs: length of the ramp at its start.
        start: the weight at the start of a cycle, in [0, 1].
        first_epochs: if not 0, the first cycle is cut off after this many epochs.

    Raises:
        InputError: an argument is out of its range.

    Example:
        >>> annealing = sv.callbacks.CyclicalKLAnnealing(cycle_epochs=20, ramp_epochs=10)
        >>> step = tf.constant([0.0, 500.0, 1500.0, 2000.0, 2500.0], tf.float64)
        >>> annealing.value(step, steps=100).numpy()
        array([0. , 0.5, 1. , 0. , 0.5])
    """

    def __init__(
        self,
        cycle_epochs: float,
        ramp_epochs: float,
        start: float = 0.0,
        first_epochs: int = 0,
    ):
        super().__init__()
        self.start = real_number("start", start, least=0, most=1)
        self.cycle_epochs = real_number("cycle_epochs", cycle_epochs, above=0)
        self.ramp_epochs = real_number("ramp_epochs", ramp_epochs, least=0)
        self.first_epochs = real_number("first_epochs", first_epochs, least=0)
        if ramp_epochs > cycle_epochs:
            raise InputError(
                f"a ramp of {ramp_epochs} epochs does not fit a cycle of {cycle_epochs}: give a "
                "ramp at most as long as the cycle"
            )

    def value(self, step: tf.Tensor, steps: int) -> tf.Tensor:
        """The weight of a step of the run."""
        first = self.first_epochs * steps
        place = tf.where(step >= first, step - first, step) % (self.cycle_epochs * steps)
        ramp = self.ramp_epochs * steps
        done = 1.0 if ramp == 0 else tf.minimum(place / ramp, 1.0)
        return self.start + (1.0 - self.start) * done
