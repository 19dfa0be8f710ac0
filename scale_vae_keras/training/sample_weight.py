"""What a batch holds besides the ids, and losses that layers add."""

import keras
import numpy as np
import tensorflow as tf

from scale_vae_keras.data.input_checks import batch_assertion
from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.replica import global_sum


def sentences_and_weights(data: object) -> tuple[tf.Tensor, tf.Tensor | None]:
    """The ids of a batch, and each sentence's weight, float32 `[batch]`, or None.

    Args:
        data: ids `[batch, time]`, or `(ids, None, weights)` with weights `[batch]` or `[batch, 1]`.

    Raises:
        InputError: there is a target, or there is not one weight for each sentence.
    """
    ids, target, weights = keras.utils.unpack_x_y_sample_weight(data)
    refuse_targets(target)
    return tf.cast(ids, tf.int32), sentence_weights(weights, ids)


def sentence_weights(weights: tf.Tensor | None, ids: tf.Tensor) -> tf.Tensor | None:
    """Each sentence's weight, float32 `[batch]`, or None.

    Args:
        weights: `[batch]` or `[batch, 1]`, or None.
        ids: the sentences, `[batch, time]`.

    Raises:
        InputError: there is not one weight for each sentence; in a graph an assertion fails where
            the shapes are not known.
    """
    if weights is None:
        return None
    message = "sample_weight must have one weight for each sentence, [batch]"
    weights = tf.cast(weights, tf.float32)
    if weights.shape.rank not in (None, 1) and weights.shape[1:] != [1]:
        raise InputError(f"{message}, got {weights.shape}")
    weights = tf.reshape(weights, [-1])
    rows = tf.TensorShape(ids.shape)[:1]
    if not weights.shape.is_compatible_with(rows):
        raise InputError(f"{message}: {weights.shape[0]} for {rows[0]} sentences")
    if weights.shape.is_fully_defined() and rows.is_fully_defined():
        return weights
    valid = tf.size(weights) == tf.shape(ids)[0]
    with tf.control_dependencies([batch_assertion(valid, message)]):
        return tf.identity(weights)


def weights_for(ids: object, weights: object) -> tf.Tensor:
    """The weights of sentences, float32 `[sentences]`.

    Args:
        ids: array `[sentences, time]`.
        weights: an array or a list of numbers, `[sentences]` or `[sentences, 1]`.

    Raises:
        InputError: there is not one weight for each sentence, or one is no finite number.
    """
    try:
        weights = np.asarray(weights, np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(
            "sample_weight holds something else than numbers: give one each"
        ) from error
    if weights.shape not in ((len(ids),), (len(ids), 1)):
        raise InputError(
            f"{len(ids)} sentences and sample_weight of shape {weights.shape}: give one each"
        )
    if not np.all(np.isfinite(weights)):
        raise InputError("a sample_weight is not finite: give 0 to leave a sentence's loss out")
    return tf.constant(weights.reshape(-1))


def with_weights(
    ids: object, weights: object, batch_size: int | None = None, shuffle: bool = False
) -> object:
    """Batches `(ids, None, weights)`: Keras drops weights that come without targets.

    Args:
        ids: array `[sentences, time]`; without weights it is returned as it is.
        weights: array `[sentences]`, or None.
        batch_size: sentences of a batch; 32 by default.
        shuffle: whether to put the sentences in a new order at each pass.

    Raises:
        InputError: there is not one weight for each sentence.
    """
    if weights is None:
        return ids
    sentences = tf.data.Dataset.from_tensor_slices((ids, weights_for(ids, weights)))
    if shuffle:
        sentences = sentences.shuffle(len(ids))
    return sentences.batch(batch_size or 32).map(lambda ids, weights: (ids, None, weights))


def refuse_targets(target: object = None, class_weight: object = None) -> None:
    """Refuses what a model that predicts its own input cannot use.

    Raises:
        InputError: there is a target, or a class weight.
    """
    given = "a target y" if target is not None else "class_weight"
    if target is not None or class_weight is not None:
        raise InputError(
            f"{given} has no meaning here: the loss is computed from the ids alone, each "
            "sentence's reconstruction and rate; give ids, or (ids, None, sample_weight)"
        )


def refuse_losses(**arguments: object) -> None:
    """Refuses losses and metrics of `compile`.

    Raises:
        InputError: there are some.
    """
    given = [name for name, value in arguments.items() if not (value is None or value == [])]
    if given:
        raise InputError(
            f"compile takes no {' and no '.join(given)}: the loss is the model's own, the mean "
            "over sentences of reconstruction and rate in nats, and both are its metrics"
        )


def weighted(values: tf.Tensor, weights: tf.Tensor | None) -> tf.Tensor:
    """`values * weights`, or `values` where there are no weights, `[..., batch]`."""
    return values if weights is None else values * weights


def has_weight(weights: tf.Tensor | None) -> tf.Tensor | None:
    """Whether a sentence of the global batch has a weight other than 0; None without weights."""
    if weights is None:
        return None
    return global_sum(tf.reduce_sum(tf.abs(weights))) > 0


def added_losses(model: keras.Model) -> tf.Tensor | None:
    """The sum of the weights' regularisers and of `add_loss` in the model's last call, or None.

    Raises:
        InputError: a layer calls `add_loss` on several replicas, which overwrite each other's.
    """
    losses = model.losses
    if not losses:
        return None
    regularized = sum(each.regularizer is not None for each in model.trainable_weights)
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    if replicas > 1 and len(losses) > regularized:
        raise InputError(
            "add_loss only works on one replica: on several override penalty, or use a regularizer"
        )
    return tf.add_n([tf.cast(loss, tf.float32) for loss in losses])
