"""Gradients written by hand that are freed with their graph."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf
from tensorflow.python.eager import record
from tensorflow.python.framework import ops


def custom_gradient(function: Callable[..., tuple[Any, Callable]]) -> Callable:
    """As `tf.custom_gradient`, for functions of tensors that read no variables.

    In a graph, TensorFlow's own decorator enters the gradient, with all that it closes over, into
    a registry of the process, which keeps every graph and every model for good. Here the gradient
    belongs to an operation and lives as long as its graph.

    Args:
        function: returns its results and a function from their gradients to those of its
            arguments.

    Returns:
        A function of tensors that returns only the results.
    """
    in_eager_mode = tf.custom_gradient(function)

    @functools.wraps(function)
    def decorated(*arguments):
        if tf.executing_eagerly():
            return in_eager_mode(*arguments)
        inputs = [tf.convert_to_tensor(argument) for argument in arguments]
        results, gradient = function(*inputs)
        flat = tf.nest.flatten(results)

        def backward(*upstream):
            return [None] * len(flat) + tf.nest.flatten(gradient(*upstream[: len(flat)]))

        # The graph differentiates by the operation's function, a tape by what it has recorded.
        graph = tf.compat.v1.get_default_graph()
        of_operation = {"IdentityN": lambda _, *upstream: backward(*upstream)}
        with graph._override_gradient_function(of_operation):
            outputs = tf.identity_n([*flat, *inputs])
        record.record_operation(function.__name__, outputs, [*flat, *inputs], backward)
        return tf.nest.pack_sequence_as(results, outputs[: len(flat)])

    return decorated


@contextlib.contextmanager
def unregistered_gradients() -> Iterator[None]:
    """Takes out of TensorFlow's registry what tracing inside the block enters into it.

    A sum over replicas, which Keras' optimizers take on one replica too, is a `tf.custom_gradient`.
    Graphs that are made inside the block must not be differentiated after it.
    """
    before = set(ops.gradient_registry.list())
    try:
        yield
    finally:
        for name in set(ops.gradient_registry.list()) - before:
            del ops.gradient_registry._registry[name]
