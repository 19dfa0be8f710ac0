"""What a model of sentences does with labels."""

from collections.abc import Sequence, Set
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from scale_vae_keras.conditions.label_embedding import LABEL_WIDTH, LabelEmbedding
from scale_vae_keras.conditions.label_numbers import label_numbers
from scale_vae_keras.errors import InputError
from scale_vae_keras.training.sample_weight import sentence_weights, sentences_and_weights

CONDITIONS = ("none", "label")

Labels = str | Sequence[str] | np.ndarray | tf.Tensor


class Conditional:
    """Mixin for models whose decoder may read a label beside z.

    The decoder reads the vector of the label behind z; prior, posterior, rate and information
    stay those of z alone, and a likelihood is log p(text | label).

    Example:
        >>> names = ["bad", "good"]
        >>> train = numbered(sv.data.encode_split(corpus, "train", tokenizer), names)
        >>> model = sv.ScaleVAE(len(tokenizer.vocabulary), condition="label", labels=names)
        >>> model.compile(optimizer=keras.optimizers.SGD(1.0))
        >>> model.fit(sv.data.training_batches(train, 64, seed=1), shuffle=False)
        >>> model.generate(5, seed=1, label="good")
    """

    labels: tuple[str, ...] = ()
    classifier: Any = None
    encoder_reads_label = False

    def _make_condition(self, condition: str, labels: Sequence[str]) -> None:
        if isinstance(labels, str | Set):
            raise InputError(
                f"labels is a {type(labels).__name__}: give a list of names, in which a label's "
                "place is its number"
            )
        labels = tuple(labels)
        if condition == "none":
            if labels:
                raise InputError('labels without a condition: set condition="label"')
        elif len(set(labels)) < max(2, len(labels)) or not all(
            isinstance(label, str) and label for label in labels
        ):
            raise InputError(
                'condition="label" needs labels, the names of at least two different labels, got '
                f"{list(labels)}"
            )
        self.condition = condition
        self.labels = labels
        self.label_embedding = LabelEmbedding(labels, name="labels") if labels else None

    @property
    def label_width(self) -> int:
        """How many entries a label adds to what the decoder reads; 0 without a condition."""
        return LABEL_WIDTH if self.labels else 0

    def with_label(self, z: tf.Tensor, label: tf.Tensor | None) -> tf.Tensor:
        """What the decoder reads: z and the vector of the label; z alone without a condition.

        Args:
            z: float32 `[batch, latent]` or `[batch, samples, latent]`.
            label: numbers, int32 `[batch]`; None without a condition.

        Returns:
            `[batch, latent + width]`, or the same with samples.
        """
        if not self.labels:
            return z
        if label is None:
            raise self._which_label()
        vector = self.label_embedding(label)
        if z.shape.rank == 3:
            vector = tf.repeat(vector[:, tf.newaxis], tf.shape(z)[1], axis=1)
        return tf.concat([z, tf.cast(vector, z.dtype)], axis=-1)

    def numbers_of(self, label: Labels | None, rows: int) -> tf.Tensor | None:
        """Labels as numbers, int32 `[rows]`; None for a model without a condition.

        Args:
            label: a name or a number for all rows, or one for each.
            rows: how many sentences there are.

        Raises:
            InputError: a label is unknown or missing, or the model has no condition.
        """
        if not self.labels:
            if label is not None:
                raise InputError("the model was trained without a condition: leave label out")
            return None
        if label is None:
            raise self._which_label()
        if isinstance(label, tf.Tensor) and not tf.executing_eagerly():
            return tf.cast(label, tf.int32)
        values = np.asarray(label)
        if values.dtype.kind not in "iu":
            return tf.constant(label_numbers(label, self.labels, rows))
        values = np.broadcast_to(values, [rows]) if values.ndim == 0 else values
        if values.shape != (rows,) or not np.all((values >= 0) & (values < len(self.labels))):
            raise InputError(
                f"numbers of labels are from 0 to {len(self.labels) - 1}, one for all or for each "
                f"of {rows} sentences"
            )
        return tf.constant(values, tf.int32)

    def labels_in_turn(self, rows: int) -> np.ndarray | None:
        """Numbers for sentences that are to show all labels alike; None without a condition."""
        return np.arange(rows, dtype=np.int32) % len(self.labels) if self.labels else None

    def _which_label(self):
        return InputError(
            f"the model is one of text given a label: give label, one of {', '.join(self.labels)}"
        )

    def _parts_of(self, data: object) -> tuple[tf.Tensor, tf.Tensor | None, tf.Tensor | None]:
        """Ids, weights or None, and numbers of labels or None, of a batch that `fit` is given."""
        if not self.labels:
            return (*sentences_and_weights(data), None)
        ids, label, weights = keras.utils.unpack_x_y_sample_weight(data)
        if label is None:
            raise InputError(
                "a batch of a model with a condition is (ids, labels), with numbers of labels "
                "[batch]"
            )
        label = tf.reshape(tf.cast(label, tf.int32), [-1])
        return tf.cast(ids, tf.int32), sentence_weights(weights, ids), label
