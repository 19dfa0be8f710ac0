"""A block of a Transformer, for whole sentences and for one token at a time."""

from collections.abc import Callable

import keras
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.add_bias import add_bias
from scale_vae_keras.layers.scatter_update import scatter_update
from scale_vae_keras.parts.positions import Rotation, rotate
from scale_vae_keras.settings import whole_number

_NEVER = -1e9

Cache = tuple[tf.Tensor, tf.Tensor]


def allowed(attended: tf.Tensor) -> tf.Tensor:
    """What is added to the scores, float32: 0 where a position is attended to, else -1e9."""
    return tf.where(attended, 0.0, _NEVER)


@keras.saving.register_keras_serializable("scale_vae_keras")
class TransformerBlock(keras.layers.Layer):
    """Self-attention, then a feed-forward map, each of the normalised input and added to it.

    `h + attention(norm(h))`, then `h + down(gelu(up(norm(h))))`: the pre-norm block of Xiong et al.
    (2020) with RMSNorm and without biases in the attention. The weights are those of
    `keras.layers.MultiHeadAttention`, `RMSNormalization` and `Dense`; queries, keys and values come
    from one product, which Keras' layer makes three of.

    Args:
        units: width of the block.
        heads: number of heads.
        feed_forward: width inside of the feed-forward map; `4 * units` where it is None.

    Raises:
        InputError: `units` is not a multiple of the number of heads, or a number is no positive
            whole one.
    """

    def __init__(self, units: int, heads: int, feed_forward: int | None, **kwargs):
        # The scores stay in float32 under every policy.
        super().__init__(autocast=False, **kwargs)
        self.heads = whole_number("heads", heads, 1)
        feed_forward = 4 * units if feed_forward is None else feed_forward
        self.feed_forward = whole_number("feed_forward", feed_forward, 1)
        if units % heads:
            raise InputError(
                f"units must be a multiple of the number of heads, got {units} and {heads}"
            )
        self.units = units
        self.head_width = units // heads
        self.supports_jit = False
        self.attention_norm = rms_norm("attention_norm")
        self.attention = keras.layers.MultiHeadAttention(
            heads, self.head_width, use_bias=False, dtype=self.dtype_policy, name="attention"
        )
        self.feed_forward_norm = rms_norm("feed_forward_norm")
        self.up = keras.layers.Dense(
            feed_forward, activation="gelu", dtype=self.dtype_policy, name="up"
        )
        self.down = keras.layers.Dense(units, dtype=self.dtype_policy, name="down")

    def build(self, input_shape):
        """Creates the weights for inputs `[batch, time, units]`."""
        shape = (None, None, self.units)
        self.attention_norm.build(shape)
        self.attention.build(shape, shape)
        self.feed_forward_norm.build(shape)
        self.up.build(shape)
        self.down.build((None, None, self.feed_forward))

    def call(
        self,
        hidden: tf.Tensor,
        scores_added: tf.Tensor,
        by: Rotation | None = None,
        memory: tuple[tf.Tensor, tf.Tensor] | None = None,
        drop: Callable[[tf.Tensor, int], tf.Tensor] = lambda values, _: values,
    ) -> tf.Tensor:
        """Runs over whole sentences.

        Args:
            hidden: `[batch, time, units]`.
            scores_added: added to the scores, broadcast to `[batch, heads, time, attended]`.
            by: rotations of the positions, `[time, width of a head / 2]`.
            memory: key and value `[batch, heads, 1, width]` of a position before the first.
            drop: dropout of what each half of the block adds, which is 0 or 1.

        Returns:
            `[batch, time, units]`.
        """
        queries, keys, values = self._project(hidden, by)
        if memory is not None:
            keys, values = (
                tf.concat([before, own], axis=2)
                for before, own in zip(memory, (keys, values), strict=True)
            )
        hidden += drop(self._attend(queries, keys, values, scores_added), 0)
        return hidden + drop(self._feed(hidden), 1)

    def step(
        self,
        hidden: tf.Tensor,
        cache: Cache,
        slot: tf.Tensor,
        scores_added: tf.Tensor,
        by: Rotation | None = None,
    ) -> tuple[tf.Tensor, Cache]:
        """Runs one position of each row.

        Args:
            hidden: `[rows, units]`.
            cache: keys and values, `[rows, heads, slots, width]` each.
            slot: where the new ones belong, int32 `[rows]`.
            scores_added: for the slots of the cache, `[rows, 1, 1, slots]`.
            by: the rotation of the row's position, `[rows, 1, 1, width of a head / 2]`.

        Returns:
            `[rows, units]`, and the cache with the new keys and values.
        """
        queries, *new = self._project_rows(hidden, by)
        places = _places(slot, self.heads)
        # Keras' slice_update is exported as an operation of XLA, which servers refuse.
        keys, values = (
            scatter_update(kept, places, own[:, :, 0]) for kept, own in zip(cache, new, strict=True)
        )
        hidden += self._attend(queries, keys, values, scores_added)[:, 0]
        return hidden + self._feed(hidden), (keys, values)

    def _project(self, hidden, by):
        """Queries, keys and values, `[batch, heads, time, width of a head]` each."""
        normalised = normalise(self.attention_norm, hidden)
        projected = mapped(normalised, tf.concat(self._kernels(), axis=1))
        shape = [*tf.unstack(tf.shape(hidden)[:2]), 3 * self.heads, self.head_width]
        projected = tf.transpose(tf.reshape(projected, shape), [0, 2, 1, 3])
        # Split and not sliced: the gradient of a slice is a tensor of the whole size.
        turned, values = tf.split(projected, [2 * self.heads, self.heads], axis=1)
        return *tf.split(rotate(turned, by), 2, axis=1), values

    def _project_rows(self, hidden, by):
        """As `_project`, of one position `[rows, units]`: joining the kernels would cost more."""
        normalised = normalise(self.attention_norm, hidden)
        shape = [tf.shape(hidden)[0], self.heads, 1, self.head_width]
        queries, keys, values = (
            tf.reshape(tf.matmul(normalised, kernel), shape) for kernel in self._kernels()
        )
        return rotate(queries, by), rotate(keys, by), values

    def _kernels(self):
        parts = (self.attention.query_dense, self.attention.key_dense, self.attention.value_dense)
        matrices = (_matrix(part.kernel, self.units, self.units) for part in parts)
        return [tf.cast(matrix, self.compute_dtype) for matrix in matrices]

    def _attend(self, queries, keys, values, scores_added):
        """What the attention adds, `[batch, time, units]`."""
        scores = tf.matmul(queries * self.head_width**-0.5, keys, transpose_b=True)
        weights = tf.nn.softmax(tf.cast(scores, tf.float32) + scores_added)
        seen = tf.matmul(tf.cast(weights, values.dtype), values)
        shape = [*tf.unstack(tf.shape(queries)[::2]), self.units]
        seen = tf.reshape(tf.transpose(seen, [0, 2, 1, 3]), shape)
        kernel = _matrix(self.attention.output_dense.kernel, self.units, self.units)
        return mapped(seen, tf.cast(kernel, self.compute_dtype))

    def _feed(self, hidden):
        """What the feed-forward map adds, of the shape of `hidden`."""
        return _dense(self.down, _dense(self.up, normalise(self.feed_forward_norm, hidden)))

    def get_config(self):
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "units": self.units,
            "heads": self.heads,
            "feed_forward": self.feed_forward,
        }


def rms_norm(name: str) -> keras.layers.RMSNormalization:
    """RMSNorm in float32, whatever the policy."""
    return keras.layers.RMSNormalization(epsilon=1e-6, dtype="float32", name=name)


def normalise(norm: keras.layers.RMSNormalization, hidden: tf.Tensor) -> tf.Tensor:
    """The normalised states, in the dtype of `hidden`."""
    return tf.cast(norm(hidden), hidden.dtype)


def mapped(values: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Values `[..., inputs]` times a matrix `[inputs, outputs]`.

    TensorFlow makes a product of its own for every row of a batch, and a gradient of the matrix for
    each of them, unless the batch is flattened first.
    """
    shape = tf.concat([tf.shape(values)[:-1], tf.shape(kernel)[1:]], axis=0)
    product = tf.matmul(tf.reshape(values, [-1, kernel.shape[0]]), kernel)
    product = tf.reshape(product, shape)
    product.set_shape([*values.shape[:-1], kernel.shape[1]])
    return product


def _dense(layer, values):
    """What a Dense layer makes of values `[..., inputs]`, with its activation in float32.

    The error function of half precision takes three times as long.
    """
    product = mapped(values, tf.cast(layer.kernel, values.dtype))
    return tf.cast(layer.activation(add_bias(product, layer.bias)), values.dtype)


def _matrix(kernel, inputs, outputs):
    return tf.reshape(tf.convert_to_tensor(kernel), [inputs, outputs])


def _places(slot, heads):
    """Indices of the keys or values of each row and head in a cache, `[rows, heads, 3]`."""
    rows, each = tf.meshgrid(tf.range(tf.shape(slot)[0]), tf.range(heads), indexing="ij")
    slots = tf.broadcast_to(slot[:, tf.newaxis], tf.shape(rows))
    return tf.stack([rows, each, slots], axis=-1)
