"""The shapes of a decoder's state, for the loop over the tokens."""

from typing import Any

import tensorflow as tf

from scale_vae_keras.layers.sentence_decoder import SentenceDecoder


def state_shapes(decoder: SentenceDecoder, state: Any, context: Any) -> Any:
    """The shapes of a decoder's state that hold before and after every step.

    The number of rows is unknown, since rows leave the batch, and so is every dimension that a
    step changes, as in a state that grows with the sentence.

    Args:
        decoder: the decoder.
        state: its `initial_state`.
        context: its `context`.

    Returns:
        A `tf.TensorShape` for each tensor of the state.
    """
    shapes = tf.nest.map_structure(lambda part: tf.TensorShape([None, *part.shape[1:]]), state)
    if tf.executing_eagerly():
        return shapes

    def any_rows(part):
        # A context of one dimension is the same for all rows.
        rows = part.shape[:1] if part.shape.rank == 1 else [None]
        return tf.TensorSpec([*rows, *part.shape[1:]], part.dtype)

    step = tf.function(lambda *inputs: decoder.step(*inputs)[1], autograph=False)
    token, context = tf.TensorSpec([None], tf.int32), tf.nest.map_structure(any_rows, context)
    while True:
        before = tf.nest.map_structure(
            lambda part, shape: tf.TensorSpec(shape, part.dtype), state, shapes
        )
        after = step.get_concrete_function(token, before, context).structured_outputs
        common = tf.nest.map_structure(_common, shapes, after)
        if tf.nest.map_structure(tuple, common) == tf.nest.map_structure(tuple, shapes):
            return shapes
        shapes = common


def _common(shape, after):
    """The shape with those dimensions unknown that a step changes."""
    sizes = zip(shape[1:], after.shape[1:], strict=True)
    return tf.TensorShape([None, *(one if one == other else None for one, other in sizes)])
