"""When a validation loss has stalled."""

import math

import keras

from scale_vae_keras.errors import InputError
from scale_vae_keras.settings import whole_number


def check_adjustable_rate(model: keras.Model, callback: str) -> None:
    """Refuses a learning rate that a callback cannot set.

    Args:
        model: compiled.
        callback: the name of the callback.

    Raises:
        InputError: the rate follows a schedule of the optimizer.
    """
    if not hasattr(model.optimizer.learning_rate, "assign"):
        raise InputError(
            "the optimizer has a schedule of its own: give it a number as its learning rate, which "
            f"{callback} lowers"
        )


class Plateau:
    """Counts the epochs that are worse than a reference.

    He et al. (2019): an epoch that is worse than the reference counts; any other one becomes the
    reference, and the count starts again.

    Args:
        patience: this many worse epochs in a row are a plateau.
        start_epoch: epochs during which nothing is a plateau, though worse ones count.

    Attributes:
        reference: the value that the next one is compared with.
        not_improved: worse epochs since the reference was set.

    Raises:
        InputError: an argument is out of its range.

    Example:
        >>> from scale_vae_keras.schedules.plateau import Plateau
        >>> plateau = Plateau(patience=2, start_epoch=0)
        >>> [plateau.reached(epoch, loss) for epoch, loss in enumerate([3.0, 4.0, 5.0, 4.0])]
        [False, False, True, False]
    """

    def __init__(self, patience: int, start_epoch: int):
        self.patience = whole_number("patience", patience, 1)
        self.start_epoch = whole_number("start_epoch", start_epoch, 0)
        self.reference = float("inf")
        self.not_improved = 0

    def reached(self, epoch: int, value: float) -> bool:
        """Whether this epoch is one too many; the reference is its value then.

        Args:
            epoch: its number, from 0.
            value: what is minimised.
        """
        worse = not value <= self.reference
        if worse:
            self.not_improved += 1
            if self.not_improved < self.patience or epoch < self.start_epoch:
                return False
        # Any number is better than a loss that is none.
        self.reference = value if math.isfinite(value) else math.inf
        self.not_improved = 0
        return worse

    def get_state(self) -> dict:
        """The state that a resumed run needs."""
        return {"reference": self.reference, "not_improved": self.not_improved}

    def set_state(self, state: dict) -> None:
        """Restores what `get_state` returned."""
        self.reference, self.not_improved = state["reference"], state["not_improved"]
