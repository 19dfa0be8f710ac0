"""The encoder and the decoder of a model, by name or as objects."""

from typing import Any

import keras

import scale_vae_keras.parts.backbone_encoder  # noqa: F401 - registers the class
from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.cnn_decoder import CNNDecoder
from scale_vae_keras.layers.decoder import LSTMDecoder
from scale_vae_keras.layers.encoder import LSTMEncoder
from scale_vae_keras.layers.sentence_decoder import SentenceDecoder
from scale_vae_keras.parts.transformer_decoder import TransformerDecoder
from scale_vae_keras.parts.transformer_encoder import TransformerEncoder
from scale_vae_keras.settings import Settings

DECODERS = ("lstm", "cnn", "transformer")
ENCODERS = ("lstm", "transformer")

TRANSFORMER = ("depth", "heads", "feed_forward", "positions", "max_positions")
OF_THE_DECODER = ("dropout", "word_dropout", "embedding_noise")


def part(given: Any) -> Any:
    """A name as it is, a layer as it is, and a layer from what `config_of` made of it."""
    return keras.saving.deserialize_keras_object(given) if isinstance(given, dict) else given


def config_of(given: str | keras.layers.Layer) -> Any:
    """What a model's configuration says of its encoder or decoder."""
    if isinstance(given, str):
        return given
    config = keras.saving.serialize_keras_object(given)
    # The model builds it, as it did the first time.
    config.pop("build_config", None)
    return config


def make_decoder(model: Any, latent_dim: int, skip: bool = False) -> SentenceDecoder:
    """The decoder that a model's settings name, or the one that the model was given.

    Args:
        model: a `SentenceModel`.
        latent_dim: width of z, and of the label's vector behind it.
        skip: whether z joins the state before the map to the vocabulary.

    Raises:
        InputError: the given decoder does not fit the model.
    """
    if not isinstance(model.decoder_kind, str):
        return _checked_decoder(model, latent_dim, skip)
    arguments = {
        "vocabulary_size": model.vocabulary_size,
        "embedding_dim": model.embedding_dim,
        "units": model.units,
        "latent_dim": latent_dim,
        "dropout": model.dropout,
        "initializer_range": model.decoder_initializer_range,
        "word_dropout": model.word_dropout,
        "skip": skip,
        "embedding_noise": model.embedding_noise,
        "dtype": model.dtype_policy,
        "name": "decoder",
    }
    if model.decoder_kind == "cnn":
        return CNNDecoder(dilations=model.dilations, **arguments)
    if model.decoder_kind == "transformer":
        own = {name: getattr(model, name) for name in (*TRANSFORMER, "layer_dropout")}
        if hasattr(model, "latent_input"):
            own["latent_input"] = model.latent_input
        return TransformerDecoder(**own, **arguments)
    return LSTMDecoder(**arguments)


def _checked_decoder(model, latent_dim, skip):
    decoder = model.decoder_kind
    expected = {"vocabulary_size": model.vocabulary_size, "latent_dim": latent_dim}
    if skip:
        expected["skip"] = True
    for name, value in expected.items():
        if getattr(decoder, name) != value:
            more = f", {model.label_width} of them for the label" if model.label_width else ""
            raise InputError(
                f"{type(model).__name__} needs a decoder with {name}={value}"
                f"{more if name == 'latent_dim' else ''}, and the given "
                f"{type(decoder).__name__} has {name}={getattr(decoder, name)}"
            )
    return decoder


def take_decoder(model: Any, decoder: Any, usual: type[Settings]) -> None:
    """Notes the name of a model's decoder, or the given one with those settings that it owns.

    Args:
        model: a `SentenceModel`.
        decoder: a name, a `SentenceDecoder`, or the configuration of one.
        usual: the settings of every model, for their defaults.

    Raises:
        InputError: it is not a decoder, or the model is given settings that belong to it.
    """
    decoder = part(decoder)
    model.decoder_kind = decoder
    if isinstance(decoder, str):
        _check_name("decoder", decoder, DECODERS)
        return
    if not isinstance(decoder, SentenceDecoder):
        raise InputError(
            "decoder must be a name or a sv.layers.SentenceDecoder, got "
            f"{type(decoder).__name__}: write it as docs/extending.md shows"
        )
    for name in OF_THE_DECODER:
        _refuse_given(model, name, getattr(decoder, name), "decoder", usual)
        setattr(model, name, getattr(decoder, name))


def make_encoder(model: Any, encoder: Any, usual: type[Settings]) -> keras.layers.Layer:
    """The encoder of that name, or the given one.

    Args:
        model: a `TextVAE`.
        encoder: a name, a layer, or the configuration of one.
        usual: the settings of every model with a latent code, for their defaults.

    Raises:
        InputError: the model is given a pooling beside an encoder that has its own, or the encoder
            reads another vocabulary.
    """
    encoder = part(encoder)
    model.encoder_kind = encoder
    if not isinstance(encoder, str):
        if not isinstance(encoder, keras.layers.Layer):
            raise InputError(
                f"encoder must be a name or a Keras layer, got {type(encoder).__name__}"
            )
        _refuse_given(model, "pooling", getattr(encoder, "pooling", None), "encoder", usual)
        known = getattr(encoder, "vocabulary_size", model.vocabulary_size)
        if known != model.vocabulary_size:
            raise InputError(
                f"the model has {model.vocabulary_size} token ids and the given "
                f"{type(encoder).__name__} reads {known}: use the encoder's tokenizer, and its "
                "vocabulary_size for the model"
            )
        return encoder
    _check_name("encoder", encoder, ENCODERS)
    arguments = {"pooling": model.pooling, "dtype": model.dtype_policy, "name": "encoder"}
    sizes = (model.vocabulary_size, model.embedding_dim, model.units)
    if encoder == "transformer":
        own = {name: getattr(model, name) for name in TRANSFORMER}
        return TransformerEncoder(*sizes, **own, **arguments)
    return LSTMEncoder(*sizes, **arguments)


def build_encoder(encoder: keras.layers.Layer, ids_shape: tuple) -> int:
    """Creates an encoder's weights, and finds the width of its summary.

    Args:
        encoder: a layer from ids `[batch, time]` to `[batch, width]`.
        ids_shape: `[batch, time]`.

    Raises:
        InputError: it gives something else.
    """
    if isinstance(encoder, LSTMEncoder | TransformerEncoder):
        encoder.build(ids_shape)
        return encoder.units
    summary = encoder(keras.Input(shape=(None,), dtype="int32"))
    shape = getattr(summary, "shape", None)
    if shape is None or len(shape) != 2 or shape[1] is None:
        raise InputError(
            "an encoder gives one summary per sentence, [batch, width] with a known width; "
            f"{type(encoder).__name__} gives {shape}"
        )
    return shape[1]


def _check_name(kind, name, names):
    if name not in names:
        raise InputError(
            f"{kind} must be one of {', '.join(names)}, or an object, see docs/extending.md, got "
            f"{name!r}"
        )


def _refuse_given(model, name, own, owner, usual):
    if getattr(model, name) not in (getattr(usual, name), own):
        raise InputError(f"{name} belongs to the {owner}: give it to the {owner} that you pass")
