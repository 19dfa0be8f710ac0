"""The Transformer encoder."""

import keras
import tensorflow as tf

from scale_vae_keras.layers.encoder import check_pooling, pooled
from scale_vae_keras.layers.token_embedding import TokenEmbedding
from scale_vae_keras.parts.positions import Positions
from scale_vae_keras.parts.transformer_block import (
    TransformerBlock,
    allowed,
    normalise,
    rms_norm,
)
from scale_vae_keras.settings import whole_number
from scale_vae_keras.text.vocabulary import PAD_ID


@keras.saving.register_keras_serializable("scale_vae_keras")
class TransformerEncoder(keras.layers.Layer):
    """Reads `<s> w ... </s>` in both directions with a pre-norm Transformer and pools its states.

    Each token attends to all tokens of its sentence. The summary is the state of `<s>` ("first"),
    of `</s>` ("last"), or each unit's maximum or mean over the sentence.

    Args:
        vocabulary_size: number of token ids, specials included.
        embedding_dim: width of the token embeddings.
        units: width of the blocks and of the summary.
        pooling: "first", "last", "max" or "mean".
        depth: number of blocks.
        heads: number of heads.
        feed_forward: width inside of the feed-forward maps; `4 * units` by default.
        positions: "rotary" or "learned", see `TransformerDecoder`.
        max_positions: longest sentence with learned positions.

    Raises:
        InputError: an argument is out of its range.

    Example:
        >>> encoder = sv.layers.TransformerEncoder(9, embedding_dim=3, units=8, depth=1, heads=2)
        >>> encoder(tf.constant([[1, 5, 2], [1, 2, 0]])).shape
        TensorShape([2, 8])
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int,
        units: int,
        pooling: str = "first",
        depth: int = 4,
        heads: int = 4,
        feed_forward: int | None = None,
        positions: str = "rotary",
        max_positions: int = 256,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_pooling(pooling)
        self.vocabulary_size = whole_number("vocabulary_size", vocabulary_size, 1)
        self.embedding_dim = whole_number("embedding_dim", embedding_dim, 1)
        self.units = whole_number("units", units, 1)
        self.pooling = pooling
        self.depth = whole_number("depth", depth, 1)
        self.heads = heads
        self.feed_forward = feed_forward
        self.positions = positions
        self.max_positions = max_positions
        self.supports_jit = False
        self.embedding = TokenEmbedding(
            vocabulary_size,
            embedding_dim,
            embeddings_initializer=keras.initializers.RandomNormal(stddev=1.0),
            dtype=self.dtype_policy,
            name="embedding",
        )
        self.project = keras.layers.Dense(
            units, use_bias=False, dtype=self.dtype_policy, name="project"
        )
        self.blocks = [
            TransformerBlock(
                units,
                heads,
                feed_forward,
                dtype=self.dtype_policy,
                name=f"block_{i}",
            )
            for i in range(depth)
        ]
        self.norm = rms_norm("norm")
        self.places = Positions(positions, max_positions, units // heads, name="places")

    def build(self, input_shape):
        """Creates the weights for ids `[batch, time]`."""
        self.embedding.build(input_shape)
        self.project.build((None, None, self.embedding_dim))
        for layer in (self.places, *self.blocks, self.norm):
            layer.build((None, None, self.units))

    def call(self, ids: tf.Tensor) -> tf.Tensor:
        """One summary per sentence, `[batch, units]`, from int32 ids `[batch, time]`."""
        return self._summary(self.embedding(ids), ids != PAD_ID)

    def summary_of_embeddings(self, embedded: tf.Tensor) -> tf.Tensor:
        """Summary of sentences that are given as embeddings and have no padding.

        Args:
            embedded: `[batch, time, embedding]`.

        Returns:
            `[batch, units]`.
        """
        embedded = tf.cast(embedded, self.compute_dtype)
        return self._summary(embedded, tf.ones(tf.shape(embedded)[:2], tf.bool))

    def _summary(self, embedded, real):
        hidden, by = self.places.of_sentences(self.project(embedded))
        scores_added = allowed(real)[:, tf.newaxis, tf.newaxis]
        for block in self.blocks:
            hidden = block(hidden, scores_added, by)
        return pooled(normalise(self.norm, hidden), real, self.pooling)

    def compute_output_shape(self, input_shape):
        """Shape of the summary."""
        return (input_shape[0], self.units)

    def get_config(self):
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "embedding_dim": self.embedding_dim,
            "units": self.units,
            "pooling": self.pooling,
            "depth": self.depth,
            "heads": self.heads,
            "feed_forward": self.feed_forward,
            "positions": self.positions,
            "max_positions": self.max_positions,
        }
