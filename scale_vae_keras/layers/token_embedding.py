"""The embedding of token ids."""

import keras


class TokenEmbedding(keras.layers.Embedding):
    """As `keras.layers.Embedding`, without a table in half precision.

    Under mixed precision Keras casts the whole table at every step, and its gradient back, where
    the rows of the batch are enough. Arguments as there.
    """

    def add_weight(self, *args, **kwargs):
        """As Keras', for a weight that is not cast."""
        return super().add_weight(*args, autocast=False, **kwargs)
