"""The shapes of a decoder's state, for the loop over the tokens."""

from typing import Any

import tensorflow as tf

from scale_vae_keras.layers.graphs import graph_of
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

    state = tf.nest.map_structure(
        lambda part, shape: tf.TensorSpec(shape, part.dtype), state, shapes
    )
    context = tf.nest.map_structure(any_rows, context)
    # Found by tracing steps, and the same for every sampler.
    key = ("state shapes", *(repr(tf.nest.flatten(each)) for each in (state, context)))
    return graph_of(decoder, key, lambda: _kept_shapes(decoder, state, context))


def _kept_shapes(decoder, state, context):
    step = tf.function(lambda *inputs: decoder.step(*inputs)[1], autograph=False)
    token = tf.TensorSpec([None], tf.int32)
    while True:
        after = step.get_concrete_function(token, state, context).structured_outputs
        common = tf.nest.map_structure(_common, state, after)
        if tf.nest.map_structure(_sizes, common) == tf.nest.map_structure(_sizes, state):
            return tf.nest.map_structure(lambda part: part.shape, state)
        state = common


def _sizes(part):
    return tuple(part.shape)


def _common(before, after):
    """The tensor with those dimensions unknown that a step changes."""
    sizes = zip(before.shape[1:], after.shape[1:], strict=True)
    unchanged = [one if one == other else None for one, other in sizes]
    return tf.TensorSpec([None, *unchanged], before.dtype)
