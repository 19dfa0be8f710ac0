"""The line that training prints about an epoch."""

import keras

from scale_vae_keras.schedules.order import Stage

_FIGURES = (
    *("loss", "val_loss", "val_elbo_nll", "val_kl", "mi", "au"),
    *("val_perplexity", "learning_rate"),
)
_MOST = 6


class EpochLine(keras.callbacks.ProgbarLogger):
    """Keras' progress bar and line of an epoch, with the six figures that matter most.

    All figures are in `history.csv` and in TensorBoard.
    """

    stage = Stage.TABLE

    def on_train_batch_end(self, batch, logs=None):
        """Shows the figures of the epoch so far."""
        super().on_train_batch_end(batch, _shown(logs))

    def on_epoch_end(self, epoch, logs=None):
        """Shows the figures of the epoch."""
        super().on_epoch_end(epoch, _shown(logs))


def _shown(logs):
    names = [name for name in _FIGURES if name in logs][:_MOST]
    return {name: logs[name] for name in names}
