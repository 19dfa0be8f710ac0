"""The rows of a request: their number, their shape and their arithmetic."""

from typing import Any

import tensorflow as tf

MAX_ROWS = 64
TILE = 8

Tensors = dict[str, tf.Tensor]


def check(condition: tf.Tensor, message: str) -> tf.Operation:
    """Fails the request with INVALID_ARGUMENT and the message unless the condition holds.

    Args:
        condition: bool scalar.
        message: one line that says what to send instead.
    """
    return tf.debugging.Assert(condition, [message])


def checked_rows(**inputs: tf.Tensor | None) -> Tensors:
    """The inputs once their ranks, widths and numbers of rows are known to be right.

    A server does not compare what it is sent with the signature, so the graph does.

    Args:
        **inputs: tensors with the shapes `[rows]` or `[rows, width]` of the signature; None, and
            left out, for what the signature lacks.
    """
    inputs = {name: value for name, value in inputs.items() if value is not None}
    anything = {
        name: tf.compat.v1.placeholder_with_default(value, shape=None)
        for name, value in inputs.items()
    }
    with tf.control_dependencies(
        [_check_shape(anything[name], name, value.shape) for name, value in inputs.items()]
    ):
        shaped = {
            name: tf.ensure_shape(value, inputs[name].shape) for name, value in anything.items()
        }
    counts = tf.stack([tf.shape(value)[0] for value in shaped.values()])
    with tf.control_dependencies(
        [
            check(
                tf.reduce_all(counts == counts[0]),
                f"send the same number of rows in {' and '.join(inputs)}",
            ),
            check(
                (counts[0] >= 1) & (counts[0] <= MAX_ROWS),
                f"send at least 1 and at most {MAX_ROWS} rows in one request",
            ),
        ]
    ):
        return {name: tf.identity(value) for name, value in shaped.items()}


def _check_shape(value, name, shape):
    dimensions = ", ".join(["rows", *(str(width) for width in shape[1:])])
    sizes = tf.shape(value)
    fits = tf.size(sizes) == shape.rank
    if shape.rank > 1:
        fits &= tf.reduce_all(sizes[1:] == tf.constant(shape[1:].as_list()))
    return check(fits, f"{name} must have shape [{dimensions}]")


def fill_rows(values: Any) -> Any:
    """Fills tensors up to a whole number of tiles by repeating their first row.

    Products of matrices round differently for a single row than for several, enough to change a
    sampled word now and then. With whole tiles a row's result does not depend on the others.

    Args:
        values: a tensor `[rows, ...]` with at least one row, or a structure of such tensors.
    """

    def fill(value):
        missing = -tf.shape(value)[0] % TILE
        return tf.concat([value, tf.repeat(value[:1], missing, axis=0)], axis=0)

    return tf.nest.map_structure(fill, values)


def cut_rows(values: Any, like: tf.Tensor) -> Any:
    """The first rows of tensors, as many as `like` has.

    Args:
        values: a tensor `[rows, ...]`, or a structure of such tensors.
        like: a tensor `[rows, ...]`.
    """
    rows = tf.shape(like)[0]
    return tf.nest.map_structure(lambda value: value[:rows], values)
