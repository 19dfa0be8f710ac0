"""Sentences for TensorBoard."""

import html
import re
from collections.abc import Iterable, Sequence

import keras
import numpy as np
from tensorboard.plugins.text.summary_v2 import text_pb

from scale_vae_keras.callbacks.latent_monitor import LatentMonitor
from scale_vae_keras.evaluation.text_samples import write_samples
from scale_vae_keras.event_log import EventLog
from scale_vae_keras.schedules.order import Stage
from scale_vae_keras.text.tokenizer import Tokenizer


class TextSamplesLog(keras.callbacks.Callback):
    """Logs after each epoch what the model writes, as Markdown tables.

    `samples/prior`, `samples/reconstructions` and `samples/interpolations`, of the same seeds and
    the same validation sentences in every epoch. A language model writes from the prior alone.

    Args:
        log: where the tables go.
        tokenizer: turns ids into text.
        originals: the sentences to reconstruct.
        monitor: the callback that encodes the validation sentences; None for a language model.
        rows: which of its sentences are the originals, int `[originals]`.
    """

    stage = Stage.LOG

    def __init__(
        self,
        log: EventLog,
        tokenizer: Tokenizer,
        originals: Sequence[str] = (),
        monitor: LatentMonitor | None = None,
        rows: Sequence[int] = (),
    ):
        super().__init__()
        self.log = log
        self.tokenizer = tokenizer
        self.originals = originals
        self.monitor = monitor
        self.rows = rows

    def on_epoch_end(self, epoch, logs=None):
        """Writes the tables."""
        means = np.zeros([0, 0]) if self.monitor is None else self.monitor.encoded.mean[self.rows]
        samples = write_samples(self.model, self.tokenizer, means)
        tables = {"samples/prior": markdown_table(["from the prior"], zip(samples.prior))}
        if samples.reconstructions:
            tables["samples/reconstructions"] = markdown_table(
                ["sentence", "reconstruction"],
                zip(self.originals, samples.reconstructions, strict=True),
            )
        if samples.interpolations:
            tables["samples/interpolations"] = markdown_table(
                [f"line {number}" for number, _ in enumerate(samples.interpolations, start=1)],
                zip(*samples.interpolations, strict=True),
            )
        self.log.write(epoch + 1, *(text_pb(tag, table) for tag, table in tables.items()))


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown whose cells show text as it is, markup too.

    Args:
        header: name of each column.
        rows: text of each cell.
    """
    lines = [header, ["---"] * len(header), *([_escaped(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _escaped(text):
    return re.sub(r"([\\`*_\[\]|])", r"\\\1", html.escape(text, quote=False))
