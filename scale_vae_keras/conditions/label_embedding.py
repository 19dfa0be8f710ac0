"""What a label adds to the code that the decoder reads."""

from collections.abc import Sequence

import keras
import tensorflow as tf

LABEL_WIDTH = 16
"""Entries of the embedding of a label."""


@keras.saving.register_keras_serializable("scale_vae_keras")
class LabelEmbedding(keras.layers.Layer):
    """A vector for each label, float32 whatever the precision of the decoder.

    Entries start from N(0, 1), as those of z come from the standard prior.

    Args:
        names: of the labels.

    Example:
        >>> from scale_vae_keras.conditions import LabelEmbedding
        >>> LabelEmbedding(["bad", "good"])(tf.constant([1, 0, 1])).shape
        TensorShape([3, 16])
    """

    def __init__(self, names: Sequence[str], **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.names = tuple(names)

    def build(self, numbers_shape=None):
        """Creates the vectors."""
        self.embeddings = self.add_weight(
            name="embeddings",
            shape=(len(self.names), LABEL_WIDTH),
            initializer=keras.initializers.RandomNormal(stddev=1.0),
        )
        self.built = True

    def call(self, numbers: tf.Tensor) -> tf.Tensor:
        """The vectors of labels given by number, int32 `[...]`: float32 `[..., width]`."""
        return tf.gather(tf.convert_to_tensor(self.embeddings), numbers)

    def get_config(self):
        """Constructor arguments."""
        return {**super().get_config(), "names": list(self.names)}
