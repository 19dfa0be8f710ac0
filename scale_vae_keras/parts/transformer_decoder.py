"""The Transformer decoder."""

from typing import NamedTuple

import keras
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.dropout_seed import DropoutSeed
from scale_vae_keras.layers.sentence_decoder import SentenceDecoder
from scale_vae_keras.parts.positions import Positions
from scale_vae_keras.parts.transformer_block import (
    Cache,
    TransformerBlock,
    allowed,
    mapped,
    normalise,
    rms_norm,
)
from scale_vae_keras.settings import real_number, whole_number

LATENT_INPUTS = ("both", "memory", "embedding")
_FIRST_STREAM = 10
_ROOM = 16


class TransformerState(NamedTuple):
    """What a Transformer decoder remembers of the tokens before.

    Attributes:
        position: number of tokens read, int32 `[rows]`.
        caches: keys and values of each block, `[rows, heads, slots, width of a head]` each, of
            which those up to the row's position are filled; with a memory, z's stand in the first
            slot.
    """

    position: tf.Tensor
    caches: tuple[Cache, ...]


@keras.saving.register_keras_serializable("scale_vae_keras")
class TransformerDecoder(SentenceDecoder):
    """A pre-norm Transformer over the previous tokens, which sees z in two ways.

    As "memory", linear maps of z give the key and the value of one more position, which every
    block attends to; as "embedding", a linear map of z is added to every token's embedding. Both
    are of Optimus (Li et al., 2020), which found the memory far better than the addition and both
    together slightly better still: "both" is the default, here as there.

    Generation keeps keys and values and computes one position per step, each row at its own. The
    caches get room for 16 tokens more whenever they are full: TensorFlow copies a tensor that a
    loop writes to, so that a step with room for `max_length` tokens from the start would cost as
    much as the last one.
    Dropout acts on the token embeddings, on the last states and, as `layer_dropout`, on what every
    half of a block adds.

    Args:
        *args: as for `SentenceDecoder`; `units` is the width of the blocks.
        depth: number of blocks.
        heads: number of heads.
        feed_forward: width inside of the feed-forward maps; `4 * units` by default.
        layer_dropout: share of the entries that each half of a block adds which training drops.
        positions: "rotary" (Su et al., 2021), or "learned", a table added to the embeddings.
        max_positions: size of the table, and so the longest sentence with learned positions.
        latent_input: "both", "memory" or "embedding".
        **kwargs: as for `SentenceDecoder`.

    Raises:
        InputError: an argument is out of its range.

    Example:
        >>> decoder = sv.layers.TransformerDecoder(
        ...     9, 3, 8, latent_dim=2, dropout=0, initializer_range=0.1, depth=1, heads=2
        ... )
        >>> decoder(tf.constant([[1, 5, 2], [1, 2, 0]]), tf.zeros([2, 2])).shape
        TensorShape([2])
    """

    def __init__(
        self,
        *args,
        depth: int = 4,
        heads: int = 4,
        feed_forward: int | None = None,
        layer_dropout: float = 0.1,
        positions: str = "rotary",
        max_positions: int = 256,
        latent_input: str = "both",
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        if latent_input not in LATENT_INPUTS:
            raise InputError(
                f"latent_input must be one of {', '.join(LATENT_INPUTS)}, got {latent_input!r}"
            )
        self.depth = whole_number("depth", depth, 1)
        self.heads = heads
        self.feed_forward = feed_forward
        self.layer_dropout = real_number("layer_dropout", layer_dropout, least=0, below=1)
        self.positions = positions
        self.max_positions = max_positions
        self.latent_input = latent_input
        self.blocks = [
            TransformerBlock(
                self.units,
                heads,
                feed_forward,
                dtype=self.dtype_policy,
                name=f"block_{i}",
            )
            for i in range(depth)
        ]
        self.norm = rms_norm("norm")
        self.places = Positions(positions, max_positions, self.units // heads, name="places")
        self.has_memory = self.latent_dim > 0 and latent_input != "embedding"
        self.adds_z = self.latent_dim > 0 and latent_input != "memory"

    def build(self, ids_shape, z_shape):
        """Creates the weights for ids `[batch, time]` and z `[batch, latent]`."""
        for layer in (self.places, *self.blocks, self.norm):
            layer.build((None, None, self.units))
        width = self.embedding_dim + (self.latent_dim if self.adds_z else 0)
        self.input_kernel = self.add_weight(
            name="input_kernel", shape=(width, self.units), initializer="glorot_uniform"
        )
        if self.has_memory:
            self.memory_kernel = self.add_weight(
                name="memory_kernel",
                shape=(self.latent_dim, self.depth * 2 * self.units),
                initializer="lecun_uniform",
            )
        super().build(ids_shape, z_shape)

    def hidden_states(
        self,
        inputs: tf.Tensor,
        z: tf.Tensor,
        training: bool = False,
        seed: DropoutSeed | None = None,
    ) -> tf.Tensor:
        """States `[batch, time, units]` from embeddings `[batch, time, embedding]` and z."""
        hidden = self._project(inputs)
        if self.adds_z:
            hidden += self.input_context(z)[:, tf.newaxis]
        hidden, by = self.places.of_sentences(hidden)
        time = tf.shape(inputs)[1]
        before = tf.linalg.band_part(tf.ones([time, time], tf.bool), -1, 0)
        if self.has_memory:
            before = tf.pad(before, [[0, 0], [1, 0]], constant_values=True)
            memory = self._memory(z)
        scores_added = allowed(before)
        for number, block in enumerate(self.blocks):
            hidden = block(
                hidden,
                scores_added,
                by,
                self._of_block(memory, number) if self.has_memory else None,
                drop=self._layer_drop(number, training, seed),
            )
        return normalise(self.norm, hidden)

    def _layer_drop(self, number, training, seed):
        if not training or self.layer_dropout == 0:
            return lambda values, half: values
        return lambda values, half: seed.folded(_FIRST_STREAM + 2 * number + half).dropout(
            values, self.layer_dropout
        )

    def _project(self, embedded):
        # Scaled as in Vaswani et al. (2017): the embeddings start small beside z.
        kernel = tf.cast(self.input_kernel[: self.embedding_dim], self.compute_dtype)
        return mapped(embedded * self.embedding_dim**0.5, kernel)

    def _memory(self, z):
        """Keys and values that z stands for, `[batch, layers, 2, heads, width of a head]`."""
        memory = tf.matmul(z, tf.cast(self.memory_kernel, self.compute_dtype))
        shape = [tf.shape(z)[0], self.depth, 2, self.heads, self.units // self.heads]
        return tf.reshape(memory, shape)

    def _of_block(self, memory, number):
        """The key and the value of z in one block, `[batch, heads, 1, width of a head]`."""
        return tuple(tf.unstack(memory[:, number, ..., tf.newaxis, :], axis=1))

    def initial_state(self, z: tf.Tensor, max_length: tf.Tensor | int) -> TransformerState:
        """Caches with room for the first tokens, and z's keys and values in them."""
        self.places.check_length(max_length)
        rows = tf.shape(z)[0]
        room = tf.zeros([rows, self.heads, _ROOM, self.units // self.heads], self.compute_dtype)
        caches = [(room, room)] * self.depth
        if self.has_memory:
            memory = self._memory(tf.cast(z, self.compute_dtype))
            caches = [
                tuple(tf.concat([own, room], axis=2) for own in self._of_block(memory, number))
                for number in range(self.depth)
            ]
        return TransformerState(tf.zeros([rows], tf.int32), tuple(caches))

    def input_context(self, z: tf.Tensor) -> tf.Tensor:
        """What z adds to each token's embedding, `[batch, units]`."""
        if not self.adds_z:
            return tf.zeros([tf.shape(z)[0], self.units], self.compute_dtype)
        kernel = tf.cast(self.input_kernel[self.embedding_dim :], self.compute_dtype)
        return tf.matmul(z, kernel)

    def read(self, token: tf.Tensor) -> tf.Tensor:
        """The token's embedding at the width of the blocks, `[batch, units]`."""
        return self._project(self.embedding(token))

    def advance(
        self, inputs: tf.Tensor, state: TransformerState, context: tf.Tensor
    ) -> tuple[tf.Tensor, TransformerState]:
        """The hidden state `[batch, units]` and the caches, one token on."""
        position, caches = state
        hidden, by = self.places.of_rows(inputs + context, position)
        slot = position + 1 if self.has_memory else position
        caches = tf.cond(
            tf.reduce_max(slot) < tf.shape(caches[0][0])[2],
            lambda: caches,
            lambda: tf.nest.map_structure(
                lambda cache: tf.pad(cache, [[0, 0], [0, 0], [0, _ROOM], [0, 0]]), caches
            ),
        )
        slots = tf.range(tf.shape(caches[0][0])[2])
        scores_added = allowed(slots <= slot[:, tf.newaxis, tf.newaxis, tf.newaxis])
        after = []
        for block, cache in zip(self.blocks, caches, strict=True):
            hidden, cache = block.step(hidden, cache, slot, scores_added, by)
            after.append(cache)
        return normalise(self.norm, hidden), TransformerState(position + 1, tuple(after))

    def get_config(self):
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "depth": self.depth,
            "heads": self.heads,
            "feed_forward": self.feed_forward,
            "layer_dropout": self.layer_dropout,
            "positions": self.positions,
            "max_positions": self.max_positions,
            "latent_input": self.latent_input,
        }
