"""Stops a run that no longer learns."""

import logging

import keras

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.replica import host_value
from scale_vae_keras.schedules.order import Stage
from scale_vae_keras.settings import real_number

_logger = logging.getLogger("scale_vae_keras")
_ALWAYS_ALLOWED = 20


class SkippedSteps(keras.callbacks.Callback):
    """Stops training when too many steps of an epoch had a loss or gradient that is not finite.

    Every model has a guard of its own, `DivergenceGuard`, which this one replaces. Such a step
    changes no weight. Up to 20 of them in an epoch are always allowed, since loss scaling begins by
    finding its scale in that way, unless they are all the steps of the epoch. In data of unknown
    length the share is that of the steps so far. Adds `skipped_steps`, their number since training
    began, to the epoch's logs.

    Args:
        max_share: the largest share of an epoch's steps that may be skipped; nothing stops
            training where it is 1 or more.

    Raises:
        InputError: `max_share` is below 0; in `fit`, too many steps were skipped.

    Example:
        >>> guard = sv.callbacks.SkippedSteps(max_share=0.05)
        >>> guard.max_share, guard.stage
        (0.05, <Stage.GUARD: 1>)
    """

    stage = Stage.GUARD

    def __init__(self, max_share: float = 0.1):
        super().__init__()
        self.max_share = real_number("max_skipped_share", max_share, least=0)
        self._before = None

    def on_epoch_begin(self, epoch, logs=None):
        """Notes how many there were before this epoch."""
        self._epoch = epoch
        if self._before is None:
            self._before = self._skipped()

    def on_train_batch_end(self, batch, logs=None):
        """Stops when there are too many."""
        skipped = self._skipped() - self._before
        steps = self.params.get("steps")
        allowed = max(self.max_share * (steps or batch + 1), _ALWAYS_ALLOWED)
        if steps is not None:
            allowed = min(allowed, steps - 1)
        if skipped > allowed and self.max_share < 1:
            self._stop(
                f"{skipped} of the first {batch + 1} steps of epoch {self._epoch + 1} had a loss "
                f"or a gradient that is not finite, more than the share of {self.max_share:g} that "
                "is allowed of an epoch: lower the learning rate, look for a fault in the data, or "
                "raise max_skipped_share"
            )

    def _stop(self, reason):
        # Another `fit` counts anew.
        self._before = None
        raise InputError(reason)

    def on_epoch_end(self, epoch, logs=None):
        """Adds the count to the logs."""
        self._before = None
        logs["skipped_steps"] = self._skipped()

    def _skipped(self):
        return int(host_value(self.model.skipped_steps))

    def get_state(self) -> dict:
        """The state that a resumed run needs."""
        return {"before": self._before}

    def set_state(self, state: dict) -> None:
        """Restores what `get_state` returned."""
        self._before = state["before"]


class DivergenceGuard(SkippedSteps):
    """Ends `fit` where `SkippedSteps` would raise: with one warning, and with the logs so far.

    `SentenceModel.fit` adds it unless it is given a `SkippedSteps`. The epoch without a counted
    step that it ends with has a loss that is not a number.
    """

    def on_epoch_end(self, epoch, logs=None):
        """Forgets the epoch."""
        self._before = None

    def _stop(self, reason):
        if not self.model.stop_training:
            _logger.warning("training stops: %s", reason)
        self.model.stop_training = True
