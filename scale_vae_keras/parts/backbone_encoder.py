"""A pretrained encoder."""

import os
from typing import Any

import keras
import tensorflow as tf

from scale_vae_keras.data.input_checks import batch_assertion
from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.encoder import check_pooling, pooled
from scale_vae_keras.text.hub_extra import hub_ids, keras_hub, read_preset, special_ids
from scale_vae_keras.text.vocabulary import PAD_ID

_INPUTS = {"token_ids", "padding_mask", "segment_ids"}
_STATES = "sequence_output"


@keras.saving.register_keras_serializable("scale_vae_keras")
class BackboneEncoder(keras.layers.Layer):
    """A keras-hub backbone that reads `<s> w ... </s>`, its states pooled, as in Optimus.

    Li et al. (2020). The ids are those of `HubTokenizer` for the same preset. The backbone runs
    without its dropout, as every encoder here: the posterior is the same in training as elsewhere.
    Pooled by "first" the summary is the state of the start token, BERT's `[CLS]`.

    Args:
        backbone: a `keras_hub.models.Backbone` from token ids and a padding mask to states.
        special_ids: the backbone's ids for `<pad>`, `<s>`, `</s>` and `<unk>`.
        hub_vocabulary_size: number of tokens of the keras-hub tokenizer.
        pooling: "first", "last", "max" or "mean".
        trainable: whether the backbone learns with the rest of the model.
        **kwargs: of `keras.layers.Layer`.

    Attributes:
        vocabulary_size: number of ids that it reads, specials included.

    Raises:
        InputError: the backbone needs other inputs or gives no states, or there is no such pooling.

    Example:
        >>> encoder = sv.layers.BackboneEncoder.from_preset("bert", trainable=False)
        >>> model = sv.ScaleVAE(encoder.vocabulary_size, encoder=encoder)
    """

    def __init__(
        self,
        backbone: Any,
        special_ids: tuple[int, int, int, int],
        hub_vocabulary_size: int,
        pooling: str = "first",
        trainable: bool = True,
        **kwargs,
    ):
        kwargs.setdefault("dtype", backbone.dtype_policy)
        super().__init__(trainable=trainable, **kwargs)
        check_pooling(pooling)
        inputs = backbone.input if isinstance(backbone.input, dict) else {}
        if "token_ids" not in inputs or set(inputs) - _INPUTS:
            raise InputError(
                f"{type(backbone).__name__} is not a text encoder: it reads "
                f"{', '.join(inputs) or 'something else'}, not token_ids and padding_mask"
            )
        if isinstance(backbone.output, dict) and _STATES not in backbone.output:
            raise InputError(f"{type(backbone).__name__} gives no {_STATES}")
        self.backbone = backbone
        self.backbone.trainable = trainable
        self.special_ids = tuple(int(each) for each in special_ids)
        self.hub_vocabulary_size = hub_vocabulary_size
        self.pooling = pooling
        self.supports_jit = False
        self._hub_ids = hub_ids(self.special_ids, hub_vocabulary_size)
        self.vocabulary_size = len(self._hub_ids)

    @classmethod
    def from_preset(
        cls,
        folder: str | os.PathLike,
        pooling: str = "first",
        trainable: bool = True,
        dtype: Any = None,
        **kwargs: Any,
    ) -> "BackboneEncoder":
        """The backbone of a preset in a local folder, with its weights; nothing is downloaded.

        Args:
            folder: what `save_to_preset` of the backbone and of its tokenizer wrote.
            pooling: as for the class.
            trainable: as for the class.
            dtype: the backbone's dtype policy; float32 to train it, since Keras' own layers add up
                the gradients of biases and embeddings in 16 bits under half precision.
            **kwargs: as for the class.

        Raises:
            InputError: keras-hub is not installed, or the folder holds no encoder of text.
        """
        library, path = keras_hub(), os.fspath(folder)
        tokenizer = read_preset(library.tokenizers.Tokenizer, path)
        backbone = read_preset(library.models.Backbone, path, dtype=dtype)
        size = tokenizer.vocabulary_size()
        return cls(backbone, special_ids(tokenizer), size, pooling, trainable, **kwargs)

    def call(self, ids: tf.Tensor) -> tf.Tensor:
        """One summary per sentence, `[batch, width]`, from int32 ids `[batch, time]`."""
        limit = getattr(self.backbone, "max_sequence_length", None)
        if limit is not None:
            message = f"a sentence has more than the {limit} tokens that the backbone can read"
            batch_assertion(tf.shape(ids)[1] <= limit, message)
            ids = ids[:, :limit]
        real = ids != PAD_ID
        inputs = {
            "token_ids": tf.gather(self._hub_ids, ids),
            "padding_mask": tf.cast(real, tf.int32),
            "segment_ids": tf.zeros_like(ids),
        }
        known = {name: inputs[name] for name in self.backbone.input}
        states = self.backbone(known, training=False)
        return pooled(states[_STATES] if isinstance(states, dict) else states, real, self.pooling)

    def get_config(self):
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "backbone": keras.saving.serialize_keras_object(self.backbone),
            "special_ids": self.special_ids,
            "hub_vocabulary_size": self.hub_vocabulary_size,
            "pooling": self.pooling,
        }

    @classmethod
    def from_config(cls, config):
        """The encoder with random weights.

        Raises:
            InputError: keras-hub is not installed.
        """
        keras_hub()
        backbone = keras.saving.deserialize_keras_object(config["backbone"])
        return cls(**{**config, "backbone": backbone})
