"""Sizes at which speed is measured, with batches, models and amounts of work of these sizes."""

from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.models.scale_vae import ScaleVAE
from scale_vae_keras.text.vocabulary import END_ID, START_ID, UNKNOWN_ID

CLIP_NORM = 5.0
PRODUCT_WORK = 2 * 2048**3


class Shape(NamedTuple):
    """Sizes of a model and of the batches that it is trained on.

    Attributes:
        batch: sentences per batch.
        time: tokens that are predicted in each sentence, including the end symbol.
        embedding_dim: width of the token embeddings.
        units: width of the LSTMs.
        vocabulary_size: number of token ids.
        latent_dim: number of latent dimensions.
    """

    batch: int
    time: int
    embedding_dim: int
    units: int
    vocabulary_size: int
    latent_dim: int = 32

    @property
    def tokens(self) -> int:
        """Tokens that are predicted in a batch."""
        return self.batch * self.time

    @property
    def step_work(self) -> float:
        """Floating-point operations of the products of a training step on a full batch.

        The backward pass takes twice the forward pass.
        """
        lstm = 4 * self.units * (self.embedding_dim + self.units)
        encoder = self.batch * (self.time + 1) * lstm
        decoder = self.tokens * (lstm + self.units * self.vocabulary_size)
        return 3 * 2 * (encoder + decoder)


SHAPES = {
    "paper": Shape(32, 80, 512, 1024, 20_001),
    "short": Shape(64, 12, 128, 256, 8_000),
}


def random_batch(shape: Shape) -> np.ndarray:
    """Sentences without padding, int32 `[batch, time + 1]`."""
    ids = np.random.default_rng(0).integers(
        UNKNOWN_ID + 1, shape.vocabulary_size, (shape.batch, shape.time + 1)
    )
    ids[:, 0], ids[:, -1] = START_ID, END_ID
    return ids.astype(np.int32)


def as_split(sentences: list[np.ndarray]) -> EncodedSplit:
    """A split of the sentences, each int32 `[time]`."""
    return EncodedSplit(
        tokens=np.concatenate(sentences).astype(np.int32),
        offsets=np.cumsum([0] + [len(ids) for ids in sentences]),
        labels=None,
        empty=0,
        truncated=0,
    )


def new_model(shape: Shape, **options) -> ScaleVAE:
    """A Scale-VAE that `fit` can train, with SGD clipped to a global norm of 5; not built yet.

    Args:
        shape: its sizes.
        **options: further arguments of `ScaleVAE`.
    """
    keras.utils.set_random_seed(0)
    model = ScaleVAE(
        shape.vocabulary_size,
        shape.latent_dim,
        embedding_dim=shape.embedding_dim,
        units=shape.units,
        **options,
    )
    model.compile(optimizer=keras.optimizers.SGD(1.0, global_clipnorm=CLIP_NORM))
    return model


def waited_step(model: ScaleVAE) -> Callable[[tf.Tensor], None]:
    """What `fit` runs for a batch of int32 ids `[batch, time]`, and waits for its loss."""
    model.ensure_built()
    model.make_train_function()

    def step(ids):
        model.train_function(iter([ids]))["loss"].numpy()

    return step


def importance_work(shape: Shape, split: EncodedSplit, samples: int) -> float:
    """Floating-point operations of importance weighting that no sharing can remove."""
    a_row = 2 * shape.units * (shape.vocabulary_size + 4 * shape.units)
    return samples * float(np.sum(split.lengths - 1)) * a_row


def products(
    count: int,
    rows: int = 2048,
    inner: int = 2048,
    columns: int = 2048,
    dtype: str = "float32",
) -> Callable[[], None]:
    """A function that runs products of matrices `[rows, inner]` and `[inner, columns]`.

    By default each is a large one, of `PRODUCT_WORK` floating-point operations.
    """
    left = tf.cast(tf.random.stateless_uniform([rows, inner], [0, 0]), dtype)
    right = tf.cast(tf.random.stateless_uniform([inner, columns], [0, 1]), dtype)

    def run():
        for _ in range(count):
            product = tf.matmul(left, right)
        product.numpy()

    return run
