"""Keeps the model's prior fitted to its posteriors."""

import keras
import tensorflow as tf

from scale_vae_keras.callbacks.shared_data import SharedData
from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.errors import InputError
from scale_vae_keras.priors.prior import FIT_LIMIT
from scale_vae_keras.schedules.order import Stage
from scale_vae_keras.settings import LARGEST_INT32, whole_number
from scale_vae_keras.training.optimizer_memory import averages_weights

# Enough for the covariance of 32 dimensions: it costs other sentences d (d + 3) / (4 n), less than
# 0.1 nats. Encoding more takes a notable part of a short epoch.
_GAUSSIAN_LIMIT = 3000


class FitPrior(SharedData, keras.callbacks.Callback):
    """Fits the prior to the posteriors of training sentences after each epoch.

    The epoch's validation uses the fitted prior, and so do generation, evaluation and the saved
    model. For Scale-VAE the posteriors have the average factor that `EpochAverageScale` has just
    taken.

    Args:
        sentences: training sentences, a split or batches of int32 ids `[batch, time]` in random
            order.
        limit: maximum number of sentences to encode; by default 3,000 for a Gaussian and 10,000
            for the prior "mixture", which has many times the parameters.
        seed: seed of the choice of sentences, and of a fit that draws samples, an integer from 0
            on.

    Raises:
        InputError: `limit` is below 1 or the seed below 0; in `fit`, the model's prior is not one
            that is fitted, or needs a library that is not installed.

    Example:
        >>> batches = tf.data.Dataset.from_tensors(tf.constant([[1, 4, 5, 2], [1, 5, 4, 2]]))
        >>> fit_prior = sv.callbacks.FitPrior(batches, limit=1000)
        >>> scale = sv.callbacks.EpochAverageScale()
        >>> [type(each).__name__ for each in sv.callbacks.in_order([fit_prior, scale])]
        ['EpochAverageScale', 'FitPrior']
    """

    stage = Stage.PRIOR

    def __init__(
        self,
        sentences: tf.data.Dataset | EncodedSplit,
        limit: int | None = None,
        seed: int = 0,
    ):
        super().__init__()
        self.sentences = sentences
        self.limit = limit if limit is None else whole_number("limit", limit, 1)
        self.seed = whole_number("seed", seed, 0, LARGEST_INT32)
        self._due = False

    def on_train_begin(self, logs=None):
        """Checks that the prior is one that is fitted, and can be."""
        if not self.model.prior.needs_fit:
            raise InputError(
                f'FitPrior needs a prior that is fitted, not "{self.model.prior.kind}": choose '
                '"diagonal", "full" or "mixture"'
            )
        self.model.prior.check_installed()

    def on_epoch_begin(self, epoch, logs=None):
        """Notes that the prior is about to be out of date."""
        self._due = True

    def on_test_begin(self, logs=None):
        """Fits the prior when the validation of an epoch begins."""
        self._fit()

    def on_epoch_end(self, epoch, logs=None):
        """Fits the prior, where no validation has done so."""
        self._fit()

    def on_train_end(self, logs=None):
        """Fits it to the weights that an optimizer with a moving average leaves."""
        if averages_weights(self.model.optimizer):
            self._due = True
            self._fit()

    def _fit(self):
        if self._due:
            usual = _GAUSSIAN_LIMIT if self.model.prior.closed_form else FIT_LIMIT
            self.model.fit_prior(self.sentences, self.limit or usual, self.seed)
            self._due = False
