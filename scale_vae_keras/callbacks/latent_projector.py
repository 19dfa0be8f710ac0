"""The latent space for TensorBoard's projector."""

import io
from collections.abc import Sequence

import keras
import numpy as np

from scale_vae_keras.callbacks.latent_monitor import LatentMonitor
from scale_vae_keras.event_log import EventLog
from scale_vae_keras.files import written_whole
from scale_vae_keras.schedules.order import Stage

_TENSORS = "posterior_means.tsv"
_METADATA = "sentences.tsv"
_CONFIG = f"""embeddings {{
  tensor_name: "posterior means"
  tensor_path: "{_TENSORS}"
  metadata_path: "{_METADATA}"
}}
"""


class LatentProjector(keras.callbacks.Callback):
    """Writes posterior means of validation sentences for the projector, again after each epoch.

    The means are those of the posterior that the decoder samples from, f-bar * mu for Scale-VAE;
    the sentences and, where there are any, their labels go with them.

    Args:
        log: the files go to its folder.
        monitor: the callback that encodes the validation sentences.
        rows: which of its sentences are used, int `[sentences]`.
        sentences: their text.
        labels: their labels, or None.

    Example:
        >>> from scale_vae_keras.event_log import EventLog
        >>> batches = tf.data.Dataset.from_tensors(tf.constant([[1, 4, 5, 2], [1, 5, 4, 2]]))
        >>> monitor = sv.callbacks.LatentMonitor(batches)
        >>> rows, sentences = np.array([0, 1]), ["a b", "b a"]
        >>> sv.callbacks.LatentProjector(EventLog("logs"), monitor, rows, sentences).folder.name
        'logs'
    """

    stage = Stage.LOG

    def __init__(
        self,
        log: EventLog,
        monitor: LatentMonitor,
        rows: np.ndarray,
        sentences: Sequence[str],
        labels: Sequence[str] | None = None,
    ):
        super().__init__()
        self.folder = log.folder
        self.monitor = monitor
        self.rows = rows
        self.sentences = sentences
        self.labels = labels

    def on_epoch_end(self, epoch, logs=None):
        """Writes the files."""
        self.folder.mkdir(parents=True, exist_ok=True)
        means = io.StringIO()
        np.savetxt(means, self.monitor.encoded.mean[self.rows], fmt="%.5g", delimiter="\t")
        self._write(_TENSORS, means.getvalue())
        if not (self.folder / "projector_config.pbtxt").exists():
            self._write(_METADATA, self._metadata())
            self._write("projector_config.pbtxt", _CONFIG)

    def _metadata(self):
        lines = [_cell(sentence) for sentence in self.sentences]
        if self.labels is not None:
            rows = zip(lines, map(_cell, self.labels), strict=True)
            lines = ["sentence\tlabel", *("\t".join(row) for row in rows)]
        return "\n".join(lines) + "\n"

    def _write(self, name, content):
        with written_whole(self.folder / name) as temporary:
            temporary.write_text(content, encoding="utf-8")


def _cell(text):
    return " ".join(text.split())
