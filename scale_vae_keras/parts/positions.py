"""How a Transformer knows where a token stands."""

from typing import NamedTuple

import keras
import tensorflow as tf

from scale_vae_keras.data.input_checks import batch_assertion
from scale_vae_keras.errors import InputError
from scale_vae_keras.settings import whole_number

POSITIONS = ("rotary", "learned")
_BASE = 10_000.0


class Rotation(NamedTuple):
    """What a position turns queries and keys by, `[..., positions, width of a head / 2]` each."""

    cosine: tf.Tensor
    sine: tf.Tensor


def rotate(values: tf.Tensor, by: Rotation | None) -> tf.Tensor:
    """Queries or keys `[..., positions, width of a head]`, turned; as they are without rotation."""
    if by is None:
        return values
    first, second = tf.split(values, 2, axis=-1)
    return tf.concat(
        [first * by.cosine - second * by.sine, second * by.cosine + first * by.sine], axis=-1
    )


@keras.saving.register_keras_serializable("scale_vae_keras")
class Positions(keras.layers.Layer):
    """Rotary positions (Su et al., 2021), or a table of learned ones that is added once.

    Args:
        kind: "rotary" or "learned".
        max_positions: size of the table: a longer sentence is refused.
        head_width: width of an attention head, even.

    Raises:
        InputError: there are no such positions, or a head has an odd width.
    """

    def __init__(self, kind: str, max_positions: int, head_width: int, **kwargs):
        super().__init__(**kwargs)
        if kind not in POSITIONS:
            raise InputError(f"positions must be one of {', '.join(POSITIONS)}, got {kind!r}")
        if kind == "rotary" and head_width % 2:
            raise InputError(
                "rotary positions need an even width of a head, units / heads, got "
                f"{head_width}: choose fewer heads, or learned positions"
            )
        self.kind = kind
        self.max_positions = whole_number("max_positions", max_positions, 1)
        self.head_width = head_width
        self.supports_jit = False

    def build(self, input_shape):
        """Creates the table for states `[batch, time, units]`."""
        if self.kind == "learned":
            self.table = self.add_weight(
                name="table",
                shape=(self.max_positions, input_shape[-1]),
                initializer=keras.initializers.RandomNormal(stddev=0.02),
            )

    def check_length(self, length: tf.Tensor | int) -> None:
        """Refuses a sentence that is longer than the table.

        Args:
            length: number of positions, an int32 scalar.
        """
        if self.kind == "learned":
            message = (
                f"a sentence has more than the {self.max_positions} learned positions: raise "
                "max_positions, lower max_length, or choose rotary positions"
            )
            batch_assertion(tf.convert_to_tensor(length) <= self.max_positions, message)

    def of_sentences(self, hidden: tf.Tensor) -> tuple[tf.Tensor, Rotation | None]:
        """States `[batch, time, units]` with what is added to them, and the rotations."""
        time = tf.shape(hidden)[1]
        if self.kind == "learned":
            self.check_length(time)
            return hidden + self._rows_of_table(tf.range(time), hidden.dtype), None
        return hidden, self._rotation(tf.range(time), hidden.dtype)

    def of_rows(self, hidden: tf.Tensor, position: tf.Tensor) -> tuple[tf.Tensor, Rotation | None]:
        """As `of_sentences`, for one position of each row.

        Args:
            hidden: `[rows, units]`.
            position: int32 `[rows]`.

        Returns:
            `[rows, units]`, and the rotation `[rows, 1, 1, width of a head / 2]`.
        """
        if self.kind == "learned":
            return hidden + self._rows_of_table(position, hidden.dtype), None
        return hidden, self._rotation(position[:, tf.newaxis, tf.newaxis], hidden.dtype)

    def _rows_of_table(self, positions, dtype):
        # In range even where the check is about to fail, so that its message is the one seen.
        places = tf.minimum(positions, self.max_positions - 1)
        return tf.cast(tf.gather(self.table, places), dtype)

    def _rotation(self, positions, dtype):
        frequency = _BASE ** (-tf.range(0, self.head_width, 2, tf.float32) / self.head_width)
        angle = tf.cast(positions, tf.float32)[..., tf.newaxis] * frequency
        return Rotation(tf.cast(tf.cos(angle), dtype), tf.cast(tf.sin(angle), dtype))

    def get_config(self):
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "kind": self.kind,
            "max_positions": self.max_positions,
            "head_width": self.head_width,
        }
