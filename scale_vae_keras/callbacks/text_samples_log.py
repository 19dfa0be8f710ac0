"""Sentences for TensorBoard."""

import html
import re
from collections.abc import Sequence

import keras
import numpy as np
import pandas as pd
from tensorboard.plugins.text.summary_v2 import text_pb

from scale_vae_keras.callbacks.latent_monitor import LatentMonitor
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.text_samples import TextSamples, write_samples
from scale_vae_keras.event_log import EventLog
from scale_vae_keras.samplers.sampler import MAX_LENGTH
from scale_vae_keras.schedules.order import Stage
from scale_vae_keras.tables import markdown_table
from scale_vae_keras.text.tokenizer import Tokenizer


class TextSamplesLog(keras.callbacks.Callback):
    """Logs after each epoch what the model writes, as Markdown tables.

    The tables are `samples/prior`, `samples/reconstructions` and `samples/interpolations`, for the
    same seeds and the same validation sentences in every epoch. A language model has only the
    first.

    Args:
        log: the log for the tables.
        tokenizer: turns ids into text.
        originals: the sentences to reconstruct.
        monitor: the callback that encodes the validation sentences; None for a language model.
        rows: which of its sentences are the originals, int `[originals]`.
        labels: their labels as numbers, for a model with a condition.
        max_length: most tokens of a sentence that is written.

    Example:
        >>> from scale_vae_keras.event_log import EventLog
        >>> tokenizer = sv.text.Tokenizer(sv.text.Vocabulary(["a", "b"]))
        >>> batches = tf.data.Dataset.from_tensors(tokenizer(["a b", "b a"]).to_tensor())
        >>> monitor = sv.callbacks.LatentMonitor(batches)
        >>> log = EventLog("logs")
        >>> sv.callbacks.TextSamplesLog(log, tokenizer, ["b a"], monitor, rows=[1]).originals
        ['b a']
    """

    stage = Stage.LOG

    def __init__(
        self,
        log: EventLog,
        tokenizer: Tokenizer,
        originals: Sequence[str] = (),
        monitor: LatentMonitor | None = None,
        rows: Sequence[int] = (),
        labels: np.ndarray | None = None,
        max_length: int = MAX_LENGTH,
    ):
        super().__init__()
        self.log = log
        self.tokenizer = tokenizer
        self.originals = originals
        self.monitor = monitor
        self.rows = rows
        self.labels = labels
        self.max_length = max_length

    def on_epoch_end(self, epoch, logs=None):
        """Writes the tables."""
        means = np.zeros([0, 0]) if self.monitor is None else self.monitor.encoded.mean[self.rows]
        try:
            samples = write_samples(
                self.model,
                self.tokenizer,
                means,
                max_length=self.max_length,
                labels=self.labels,
            )
        except InputError as error:  # training diverges, and codes are not finite any more
            samples = TextSamples([f"nothing: {error}"], [], [])
        tables = {"samples/prior": pd.DataFrame({"from the prior": samples.prior})}
        if samples.reconstructions:
            tables["samples/reconstructions"] = pd.DataFrame(
                {"sentence": list(self.originals), "reconstruction": samples.reconstructions}
            )
        if samples.interpolations:
            lines = enumerate(samples.interpolations, start=1)
            tables["samples/interpolations"] = pd.DataFrame(
                {f"line {number}": line for number, line in lines}
            )
        self.log.write(
            epoch + 1, *(text_pb(tag, text_table(table)) for tag, table in tables.items())
        )


def text_table(table: pd.DataFrame) -> str:
    """A table of strings in Markdown whose cells show text as it is, markup too."""
    return markdown_table(table.map(_escaped))


def _escaped(text):
    return re.sub(r"([\\`*_\[\]|])", r"\\\1", html.escape(text, quote=False))
