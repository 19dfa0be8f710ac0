"""Checks for custom encoders."""

import keras
import numpy as np
import tensorflow as tf

from scale_vae_keras.testing.sentences import WORDS, same, sentences


def check_encoder(
    encoder: keras.layers.Layer, vocabulary_size: int, tolerance: float = 1e-5
) -> None:
    """Asserts that an encoder's summary is that of its own sentence.

    Right padding and the other sentences of the batch must change nothing: else a sentence would
    have another code in each batch. The given encoder is called, and built if it is not.

    Args:
        encoder: a layer from int32 ids `[batch, time]` to `[batch, width]`.
        vocabulary_size: number of token ids that it knows, at least 6.
        tolerance: largest relative and absolute difference.

    Raises:
        AssertionError: it does not keep to that, with what is wrong.

    Example:
        >>> sv.testing.check_encoder(sv.layers.LSTMEncoder(9, 3, 4), vocabulary_size=9)
    """
    ids = sentences(vocabulary_size, np.random.default_rng(0))
    summary = np.array(encoder(tf.constant(ids)))
    if summary.shape[:-1] != (len(ids),):
        raise AssertionError(f"{len(ids)} sentences have summaries of shape {summary.shape}")
    padded = np.array(encoder(tf.constant(np.pad(ids, [(0, 0), (0, 3)]))))
    same(padded, summary, tolerance, "right padding changes a summary")
    for row, words in enumerate(WORDS):
        alone = np.array(encoder(tf.constant(ids[row : row + 1, : words + 2])))
        same(alone[0], summary[row], tolerance, "other sentences change a summary")
