"""The terms that a model computes for a batch of sentences."""

from typing import NamedTuple

import tensorflow as tf


class SentenceTerms(NamedTuple):
    """Terms of the loss of each sentence, float32 `[batch]`, in nats.

    Attributes:
        reconstruction: -log p(x | z) at one sample z, including the end symbol.
        kl: KL(q(z|x) || N(0, I)) of the posterior that the rate is charged on.
        loss: what the step minimises the mean of.
    """

    reconstruction: tf.Tensor
    kl: tf.Tensor
    loss: tf.Tensor


class TrainingStep(NamedTuple):
    """The results of one batch.

    Attributes:
        terms: terms of this replica's sentences.
        weights: their weights, float32 `[batch]`; None where all count alike.
        added: what regularisers and `add_loss` add to the loss, a scalar or None.
        gradients: gradients of the global loss, one per trainable weight; None outside training.
    """

    terms: SentenceTerms
    weights: tf.Tensor | None
    added: tf.Tensor | None
    gradients: list[tf.Tensor] | None = None
