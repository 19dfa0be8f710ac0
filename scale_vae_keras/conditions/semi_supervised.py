"""Sentences without a label: a classifier, and a bound that is summed over labels.

Kingma, Rezende, Mohamed and Welling (2014), "Semi-Supervised Learning with Deep Generative Models",
model M2, equations 6 to 9, with p(y) uniform over K labels and a posterior of z that does not read
the label. With `ELBO(x, y) = E_q(z|x)[log p(x | z, y)] - KL(q(z|x) || p(z)) <= log p(x | y)`:

- a sentence x with its label y: `log p(x, y) >= ELBO(x, y) + log p(y)`; its loss is the negative,
  plus `-alpha log q(y | x)`, so that the classifier learns from labels;
- a sentence without one: `log p(x) >= sum_y q(y|x) (ELBO(x, y) + log p(y)) + H(q(y|x))`, where H is
  the entropy; its loss is the negative.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from scale_vae_keras.conditions.label_numbers import check_numbers, numbers_known
from scale_vae_keras.data.input_checks import batch_assertion
from scale_vae_keras.errors import InputError
from scale_vae_keras.priors import VampPrior


@keras.saving.register_keras_serializable("scale_vae_keras")
class LabelClassifier(keras.layers.Layer):
    """log q(label | text), a softmax regression on the encoder's summary; in float32.

    Args:
        labels: how many there are.

    Example:
        >>> from scale_vae_keras.conditions.semi_supervised import LabelClassifier
        >>> tf.exp(LabelClassifier(2)(tf.zeros([1, 3]))).numpy()  # it knows nothing yet
        array([[0.5, 0.5]], dtype=float32)
    """

    def __init__(self, labels: int, **kwargs):
        super().__init__(**{"dtype": "float32", "name": "classifier", **kwargs})
        self.labels = labels

    def build(self, summary_shape):
        """Creates the map for summaries `[batch, width]`."""
        self.kernel = self.add_weight(
            name="kernel", shape=(summary_shape[1], self.labels), initializer="zeros"
        )
        self.bias = self.add_weight(name="bias", shape=(self.labels,), initializer="zeros")
        self.built = True

    def call(self, summary: tf.Tensor) -> tf.Tensor:
        """Log-probabilities of the labels, float32 `[batch, labels]`."""
        logits = tf.matmul(tf.cast(summary, tf.float32), self.kernel) + self.bias
        return tf.nn.log_softmax(logits)

    def get_config(self):
        """Constructor arguments."""
        return {**super().get_config(), "labels": self.labels}


class LabelBelief(NamedTuple):
    """What is known of the label of each sentence of a batch.

    Attributes:
        weights: 1 for the label of a labelled sentence, q(y|x) for others, `[batch, labels]`.
        cost: what the label adds to the loss, `-log p(y)`, or KL(q(y|x) || p(y)) where it is not
            known, in nats, `[batch]`.
        surprise: `-log q(y | x)` of a labelled sentence in nats, 0 of others, `[batch]`.
    """

    weights: tf.Tensor
    cost: tf.Tensor
    surprise: tf.Tensor

    def mean_of(
        self, terms: Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor | float]]
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The mean over labels of terms of each sentence, `[batch]` each.

        All labels are tried, with the same noise and dropout: a step runs the decoder once for
        each label.

        Args:
            terms: gives the terms `[batch]` for labels, int32 `[batch]`.
        """
        rows, labels = tf.shape(self.weights)[0], self.weights.shape[1]
        totals = [0.0, 0.0]
        for number in range(labels):
            weight = self.weights[:, number]
            for place, term in enumerate(terms(tf.fill([rows], number))):
                totals[place] += weight * term
        return tuple(totals)


def label_belief(log_q: tf.Tensor, label: tf.Tensor | None) -> LabelBelief:
    """What is known of labels, from the classifier and from the corpus.

    Args:
        log_q: log q(y | x), float32 `[batch, labels]`.
        label: int32 `[batch]`, -1 where it is not known.

    Raises:
        InputError: there are no labels, or one is unknown; in a graph an assertion fails.
    """
    if label is None:
        raise InputError("give label=, with -1 for sentences without a label")
    labels = log_q.shape[1]
    if tf.executing_eagerly():
        check_numbers(np.asarray(label), labels, unlabelled=True)
    else:
        least, message = numbers_known(labels, unlabelled=True)
        valid = tf.reduce_all((label >= least) & (label < labels))
        with tf.control_dependencies([batch_assertion(valid, message)]):
            label = tf.identity(label)
    known = label >= 0
    true = tf.one_hot(label, labels)
    q = tf.exp(log_q)
    uniform = math.log(labels)
    divergence = tf.reduce_sum(q * log_q, axis=1) + uniform
    surprise = -tf.reduce_sum(true * log_q, axis=1)
    return LabelBelief(
        tf.where(known[:, tf.newaxis], true, q),
        tf.where(known, uniform, divergence),
        tf.where(known, surprise, 0.0),
    )


def check_label_options(model: Any, posterior: Callable) -> None:
    """Refuses options of the condition that do not go together.

    Args:
        model: a text VAE with its options.
        posterior: the `posterior` of the plain text VAE, which does not read labels.

    Raises:
        InputError: they do not.
    """
    options = ("condition_encoder", "semi_supervised")
    given = [name for name in options if getattr(model, name)]
    if given and not model.labels:
        raise InputError(f'{" and ".join(given)} needs a condition: set condition="label"')
    if len(given) == 2:
        raise InputError(
            "semi_supervised has one posterior for all labels of a sentence: leave "
            "condition_encoder out"
        )
    if model.semi_supervised and type(model).posterior is not posterior:
        raise InputError(
            f"semi_supervised does not go with {type(model).__name__}, which infers its posterior "
            "in its own way"
        )
    if model.condition_encoder and isinstance(model.prior, VampPrior):
        raise InputError(
            'the prior "vamp" does not go with condition_encoder, whose posteriors need labels: '
            'choose "learned-mixture"'
        )
