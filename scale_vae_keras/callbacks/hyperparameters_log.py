"""A run in TensorBoard's table of hyper-parameters."""

from collections.abc import Mapping

import keras
from tensorboard.plugins.hparams import api_pb2, summary
from tensorboard.plugins.hparams.summary_v2 import hparams_pb

from scale_vae_keras.event_log import EventLog
from scale_vae_keras.schedules.order import Stage


class HyperparametersLog(keras.callbacks.Callback):
    """Logs the settings of a run for TensorBoard's page "HParams".

    The page shows one row for each run under the folder that TensorBoard is given: its settings,
    those that differ between runs first, and the last value of every figure of the same log.

    Args:
        log: the log for the settings, which has the figures too.
        hyperparameters: values by name; None leaves one out, and what is neither number, bool nor
            text is shown as text.

    Example:
        >>> from scale_vae_keras.event_log import EventLog
        >>> settings = {"latent_dim": 32, "prior": "mixture", "split": (9, 1), "limit": None}
        >>> sv.callbacks.HyperparametersLog(EventLog("logs"), settings).hyperparameters
        {'latent_dim': 32, 'prior': 'mixture', 'split': '(9, 1)'}
    """

    stage = Stage.LOG

    def __init__(self, log: EventLog, hyperparameters: Mapping[str, object]):
        super().__init__()
        self.log = log
        self.hyperparameters = {
            name: value if isinstance(value, int | float | str) else str(value)
            for name, value in hyperparameters.items()
            if value is not None
        }

    def on_train_begin(self, logs=None):
        """Writes the settings."""
        self.log.write(0, hparams_pb(self.hyperparameters))

    def on_train_end(self, logs=None):
        """Says that the run was not cut short."""
        self.log.write(0, summary.session_end_pb(api_pb2.STATUS_SUCCESS))
