"""The curves of a run for TensorBoard."""

import math
import time

import keras
import numpy as np
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.custom_scalar import summary as custom_scalars
from tensorboard.plugins.scalar.summary_v2 import scalar_pb

from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.evaluation.prior import generator_factor
from scale_vae_keras.event_log import EventLog
from scale_vae_keras.layers.replica import host_value
from scale_vae_keras.metrics import EVALUATION, TRAINING
from scale_vae_keras.schedules.order import Stage

_LATENT = ("mi", "mi_cap", "mi_batch", "au", "au_unscaled")
_METRICS = {
    "loss/objective": TRAINING["loss"],
    "loss/perplexity": TRAINING["perplexity"],
    **{f"loss/{name}": EVALUATION[name] for name in ("reconstruction", "kl", "elbo_nll")},
    **{f"latent/{name}": EVALUATION[name] for name in _LATENT},
    **{f"training/{name}": metric for name, metric in TRAINING.items()},
    **{f"scale_factor/{name}": TRAINING[f"factor_{name}"] for name in ("min", "mean", "max")},
}
_CHARTS = {
    "Mutual information and its cap (nats)": ["latent/mi$", "latent/mi_cap$"],
    "Active units": ["latent/au$", "latent/au_unscaled$"],
    "KL (nats)": ["loss/kl$"],
    "KL weight": ["training/kl_weight$"],
    "Objective and proper bound (nats)": ["loss/objective$", "loss/elbo_nll$"],
    "Reconstruction (nats)": ["loss/reconstruction$"],
}
_FACTOR_CHARTS = {
    "f-bar: smallest, mean, largest": [
        "scale_factor/min$",
        "scale_factor/mean$",
        "scale_factor/max$",
    ],
    "f-bar of each dimension": ["scale_factor_by_dimension/"],
}


class ScalarLog(keras.callbacks.Callback):
    """Logs an epoch's figures, training and validation side by side under the same names.

    Everything in the epoch's logs, and in addition: the proper bound `loss/elbo_nll` of the
    validation sentences as `loss/perplexity` per predicted token, the learning rate, mean and
    largest gradient norm, throughput, and for Scale-VAE f-bar of each dimension. A layout for the
    page "Custom Scalars" collects the figures that reveal posterior collapse.

    Args:
        training: the log for the figures of training.
        validation: the log for those of validation.
        train: the training sentences.
        valid: the validation sentences.

    Example:
        >>> from scale_vae_keras.event_log import EventLog
        >>> tokenizer = sv.text.Tokenizer(sv.text.Vocabulary(["a", "b"]))
        >>> corpus = sv.data.corpus_from(["a b", "b"], ["a"], ["b a"])
        >>> splits = [sv.data.encode_split(corpus, name, tokenizer) for name in ("train", "valid")]
        >>> log = sv.callbacks.ScalarLog(EventLog("logs/train"), EventLog("logs/valid"), *splits)
        >>> log.train_tokens, log.valid_length
        (5, 2.0)
    """

    stage = Stage.LOG

    def __init__(
        self, training: EventLog, validation: EventLog, train: EncodedSplit, valid: EncodedSplit
    ):
        super().__init__()
        self.training = training
        self.validation = validation
        self.train_tokens = _predicted(train)
        self.valid_length = _predicted(valid) / valid.sentences

    def on_train_begin(self, logs=None):
        """Writes the layout."""
        charts = dict(_CHARTS)
        if hasattr(self.model, "posterior_scale"):
            charts |= _FACTOR_CHARTS
        if not self.model.latent_dim:
            return
        layout = layout_pb2.Layout(
            category=[
                layout_pb2.Category(
                    title="Posterior collapse",
                    chart=[
                        layout_pb2.Chart(
                            title=title, multiline=layout_pb2.MultilineChartContent(tag=tags)
                        )
                        for title, tags in charts.items()
                    ],
                )
            ]
        )
        self.validation.write(0, custom_scalars.pb(layout))

    def on_epoch_begin(self, epoch, logs=None):
        """Starts the clock and the record of gradient norms."""
        self._first = None
        self._steps = 0
        self._norms = []
        self._seconds = None
        self._started = time.perf_counter()

    def on_train_batch_begin(self, batch, logs=None):
        """Notes the first step, which is not 0 in a resumed epoch."""
        if self._first is None:
            self._first = batch

    def on_train_batch_end(self, batch, logs=None):
        """Counts the steps, several for each call under `steps_per_execution`; notes the norm."""
        self._steps = batch + 1 - (self._first or 0)
        norm = float(host_value(self.model.gradient_norm))
        if math.isfinite(norm):
            self._norms.append(norm)

    def on_test_begin(self, logs=None):
        """Stops the clock."""
        if self._seconds is None:
            self._seconds = time.perf_counter() - self._started

    def on_epoch_end(self, epoch, logs=None):
        """Writes the figures."""
        self.on_test_begin()
        train, valid = {}, {}
        for key, value in logs.items():
            if key.startswith("val_"):
                valid[_loss_tag(key.removeprefix("val_"))] = value
            elif key in _LATENT:
                valid[f"latent/{key}"] = value
            else:
                train[_training_tag(key)] = value
        if not self.model.latent_dim and "val_loss" in logs:
            valid["loss/elbo_nll"] = logs["val_loss"]
        if "loss/elbo_nll" in valid:
            with np.errstate(over="ignore"):
                valid["loss/perplexity"] = np.exp(valid["loss/elbo_nll"] / self.valid_length)
        train["training/learning_rate"] = host_value(self.model.optimizer.learning_rate)
        if self._norms:
            train["training/gradient_norm"] = sum(self._norms) / len(self._norms)
            train["training/gradient_norm_max"] = max(self._norms)
        # The number of steps is unknown in data that ends the epoch by its own end.
        share = self._steps / (self.params["steps"] or self._steps)
        train["training/tokens_per_second"] = share * self.train_tokens / self._seconds
        if hasattr(self.model, "posterior_scale"):
            values = generator_factor(self.model)
            train |= {
                f"scale_factor_by_dimension/{dimension_name(d, len(values))}": value
                for d, value in enumerate(values)
            }
        for log, scalars in ((self.training, train), (self.validation, valid)):
            log.write(epoch + 1, *(_scalar(tag, value) for tag, value in scalars.items()))


def dimension_name(dimension: int, latent_dim: int) -> str:
    """A dimension with zeros in front, so that names sort by number."""
    return f"{dimension:0{len(str(latent_dim - 1))}}"


def _predicted(split):
    return split.words + split.sentences


def _loss_tag(name):
    return "loss/objective" if name == "loss" else f"loss/{name}"


def _training_tag(key):
    if key in ("loss", "reconstruction", "kl"):
        return _loss_tag(key)
    if key.startswith("factor_"):
        return f"scale_factor/{key.removeprefix('factor_')}"
    return f"training/{key}"


def _scalar(tag, value):
    metric = _METRICS.get(tag)
    return scalar_pb(tag, float(value), metric and metric.sentence)
