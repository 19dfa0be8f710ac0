"""From a loss to one update of the weights, the same on one replica and on many."""

import contextlib
import math

import keras
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.replica import global_sum

_LIMITS = ("global_clipnorm", "clipnorm", "clipvalue")


def dense_gradients(
    tape: tf.GradientTape, loss: tf.Tensor, variables: list[keras.Variable]
) -> list[tf.Tensor]:
    """Gradients of the loss summed over replicas, as dense tensors.

    Embedding gradients are summed per row here: the norm of unsummed slices is not the norm of the
    gradient wherever a token occurs twice.

    Args:
        tape: the tape that watched the loss.
        loss: this replica's share of the global loss, a scalar.
        variables: the weights.

    Returns:
        One tensor a weight, of the weight's shape and dtype.
    """
    gradients = tape.gradient(
        loss, [variable.value for variable in variables], unconnected_gradients="zero"
    )
    return global_sum([tf.convert_to_tensor(gradient) for gradient in gradients])


def apply_clipped(
    optimizer: keras.optimizers.Optimizer,
    gradients: list[tf.Tensor],
    variables: list[keras.Variable],
    loss: tf.Tensor,
    shares: list[tf.Tensor | float] | None = None,
    due: tf.Tensor | None = None,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Applies one update, clipped as the optimizer says, over the global batch.

    Where the loss or an entry of the gradient is not finite, nothing is applied; under
    `LossScaleOptimizer` the scale is halved then. With `gradient_accumulation_steps` the optimizer
    clips the mean of the accumulated gradients.

    Args:
        optimizer: the compiled optimizer.
        gradients: what `dense_gradients` returned.
        variables: the weights.
        loss: the global loss of the step, a scalar.
        shares: what each clipped gradient is multiplied by; 0 leaves a weight of SGD as it is.
        due: whether there is anything to learn from, bool scalar; None for yes.

    Returns:
        The norm of the unclipped and unscaled gradient, float32 scalar, which is not finite either
        where the loss is not, and whether the update was applied, bool scalar.

    Raises:
        InputError: gradients are to be accumulated on several replicas.
    """
    inner, scale = optimizer, optimizer.loss_scale_factor or 1.0
    finds_scale = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    if finds_scale:
        inner, scale = optimizer.inner_optimizer, tf.convert_to_tensor(optimizer.dynamic_scale)
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    if replicas > 1 and inner.gradient_accumulation_steps:
        raise InputError(
            "gradient_accumulation_steps needs a single replica: leave it out, or train on one"
        )
    norm = tf.linalg.global_norm([tf.cast(g, tf.float32) for g in gradients]) / scale
    norm = tf.where(tf.math.is_finite(loss), norm, tf.cast(loss, tf.float32))
    finite = tf.math.is_finite(norm)
    gradients = _clip(inner, gradients, norm, scale)
    if shares is not None:
        gradients = [
            g * tf.cast(share, g.dtype) for g, share in zip(gradients, shares, strict=True)
        ]
    # The optimizer sums over replicas once more what is already the sum.
    if replicas > 1:
        gradients = [gradient / replicas for gradient in gradients]
    condition = finite if due is None else finite & due
    if finds_scale:
        # It skips the update by itself, and lowers its scale, where a gradient is not finite.
        gradients = [tf.where(finite, g, tf.constant(math.nan, g.dtype)) for g in gradients]
        condition = due
    with _clipped_already(inner):
        if condition is None:
            optimizer.apply(gradients, variables)
        else:
            _apply_if(condition, optimizer, gradients, variables)
    return norm, finite if due is None else finite & due


def _clip(optimizer, gradients, norm, scale):
    """What Keras does, which would clip each replica's share by itself; `scale` is of the loss."""
    if optimizer.gradient_accumulation_steps:
        return gradients
    if _is_limit(optimizer.global_clipnorm):
        shrink = optimizer.global_clipnorm / tf.maximum(norm, optimizer.global_clipnorm)
        return [g * tf.cast(shrink, g.dtype) for g in gradients]
    if _is_limit(optimizer.clipnorm):
        return [tf.clip_by_norm(g, tf.cast(optimizer.clipnorm * scale, g.dtype)) for g in gradients]
    if _is_limit(optimizer.clipvalue):
        limit = optimizer.clipvalue * scale
        return [
            tf.clip_by_value(g, tf.cast(-limit, g.dtype), tf.cast(limit, g.dtype))
            for g in gradients
        ]
    return gradients


def _is_limit(value):
    """Keras clips nothing by a limit of 0 or below."""
    return value is not None and value > 0


@contextlib.contextmanager
def _clipped_already(optimizer):
    """Keeps the optimizer from taking the norm again, and clipping what `_clip` has clipped.

    Not on several replicas, whose threads would share what is changed here.
    """
    if (
        optimizer.gradient_accumulation_steps
        or tf.distribute.get_strategy().num_replicas_in_sync > 1
    ):
        yield
        return
    limits = {name: getattr(optimizer, name) for name in _LIMITS}
    for name in _LIMITS:
        setattr(optimizer, name, None)
    try:
        yield
    finally:
        for name, limit in limits.items():
            setattr(optimizer, name, limit)


def _apply_if(condition, optimizer, gradients, variables):
    def update(gradients):
        optimizer.apply(gradients, variables)

    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync == 1:
        tf.cond(condition, lambda: update(gradients), lambda: None)
        return

    # A branch may not leave its replica to update the weights: take it where they are together.
    def at_barrier(strategy, condition, gradients):
        tf.cond(
            strategy.experimental_local_results(condition)[0],
            lambda: strategy.extended.call_for_each_replica(update, args=(gradients,)),
            lambda: None,
        )

    context.merge_call(at_barrier, args=(condition, gradients))
