"""Distributions of the posterior for TensorBoard."""

import keras
import numpy as np
from tensorboard.plugins.histogram.summary_v2 import histogram_pb

from scale_vae_keras.callbacks.latent_monitor import LatentMonitor
from scale_vae_keras.callbacks.scalar_log import dimension_name
from scale_vae_keras.evaluation.prior import generator_factor
from scale_vae_keras.event_log import EventLog
from scale_vae_keras.layers.posterior import Posterior, standard_kl
from scale_vae_keras.schedules.order import Stage


class PosteriorHistograms(keras.callbacks.Callback):
    """Logs after each epoch how the posteriors of validation sentences are distributed.

    For each dimension a histogram over the sentences of `mu`, `sigma` and `kl` (nats) of the
    encoder's own posterior, the one that the KL is charged on; over the dimensions `factor`, f-bar,
    and `mean_kl`, the mean KL.

    Args:
        log: the log for the histograms.
        monitor: the callback that encodes the validation sentences.
        rows: which of its sentences are used, int `[sentences]`.

    Example:
        >>> from scale_vae_keras.event_log import EventLog
        >>> batches = tf.data.Dataset.from_tensors(tf.constant([[1, 4, 5, 2], [1, 5, 4, 2]]))
        >>> monitor = sv.callbacks.LatentMonitor(batches)
        >>> log = sv.callbacks.PosteriorHistograms(EventLog("logs"), monitor, rows=np.array([0, 1]))
        >>> [type(each).__name__ for each in sv.callbacks.in_order([log, monitor])]
        ['LatentMonitor', 'PosteriorHistograms']
    """

    stage = Stage.LOG

    def __init__(self, log: EventLog, monitor: LatentMonitor, rows: np.ndarray):
        super().__init__()
        self.log = log
        self.monitor = monitor
        self.rows = rows

    def on_epoch_end(self, epoch, logs=None):
        """Writes the histograms."""
        mean = self.monitor.encoded.unscaled_mean[self.rows]
        log_var = self.monitor.encoded.unscaled_log_var[self.rows]
        kl = standard_kl(Posterior(mean, log_var)).numpy()
        values = {"mu": mean, "sigma": np.exp(0.5 * log_var), "kl": kl}
        latent_dim = mean.shape[1]
        histograms = [
            _histogram(f"{name}/{dimension_name(d, latent_dim)}", array[:, d])
            for name, array in values.items()
            for d in range(latent_dim)
        ]
        self.log.write(
            epoch + 1,
            *histograms,
            _histogram("mean_kl", kl.mean(axis=0)),
            _histogram("factor", generator_factor(self.model)),
        )


def _histogram(tag, values):
    return histogram_pb(tag, values[np.isfinite(values)])
