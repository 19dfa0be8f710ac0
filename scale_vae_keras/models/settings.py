"""The settings of every model, and of every model with a latent code."""

from dataclasses import dataclass

from scale_vae_keras.conditions.conditional import CONDITIONS
from scale_vae_keras.layers.encoder import POOLINGS
from scale_vae_keras.parts.by_name import DECODERS, ENCODERS
from scale_vae_keras.parts.positions import POSITIONS
from scale_vae_keras.parts.transformer_decoder import LATENT_INPUTS
from scale_vae_keras.priors import PRIORS
from scale_vae_keras.settings import Range, Settings, setting


@dataclass(frozen=True)
class ModelSettings(Settings):
    """Settings of every model of sentences."""

    embedding_dim: int = setting(
        512, "width of the token embeddings", above=0, search=(64, 128, 256)
    )
    units: int = setting(
        1024,
        "width of the LSTMs, of the convolutions, or of the Transformer's blocks",
        above=0,
        search=(128, 256, 512),
    )
    dropout: float = setting(
        0.5,
        "share of embedding and hidden entries that the decoder drops in training",
        least=0,
        below=1,
        search=Range(0.1, 0.6),
    )
    decoder_initializer_range: float = setting(
        0.01, "decoder weights start uniform in plus or minus this value", above=0
    )
    decoder: str = setting("lstm", "the decoder: lstm, cnn or transformer", choices=DECODERS)
    dilations: tuple[int, ...] = setting(
        (1, 2, 4), "dilation of each layer of the cnn decoder", above=0
    )
    word_dropout: float = setting(
        0.0, "share of the decoder's input words that become <unk> in training", least=0, most=1
    )
    embedding_noise: float = setting(
        0.0,
        "standard deviation of the noise on the decoder's input embeddings in training",
        least=0,
    )
    depth: int = setting(4, "blocks of a transformer, of encoder and decoder each", above=0)
    heads: int = setting(
        4, "attention heads of a transformer, of an even width units / heads each", above=0
    )
    feed_forward: int | None = setting(
        None,
        "width inside of a transformer's feed-forward maps; four times units by default",
        above=0,
    )
    layer_dropout: float = setting(
        0.1,
        "share of the entries that each half of a block of the transformer decoder adds which "
        "training drops",
        least=0,
        below=1,
    )
    positions: str = setting(
        "rotary",
        "how a transformer knows the place of a token: rotary, or learned, a table of "
        "max_positions places",
        choices=POSITIONS,
    )
    max_positions: int = setting(
        256, "most tokens of a sentence, <s> counted, with learned positions", above=0
    )
    condition: str = setting(
        "none",
        "what the decoder reads at every step beside z: none, or the label of the sentence, so "
        "that the model is one of text given a label",
        choices=CONDITIONS,
    )
    fraternal: float = setting(
        0.0,
        "weight of the squared distance of the decoder's states in two passes with different "
        "dropout, mean over units and sum over tokens; 0 for one pass",
        least=0,
    )


@dataclass(frozen=True)
class LatentSettings(ModelSettings):
    """Settings of every model with a latent code."""

    latent_dim: int = setting(32, "number of latent dimensions", above=0, search=(16, 32, 64))
    pooling: str = setting(
        "last",
        "what the encoder makes of its states: last, max, mean, or first, which is for the "
        "transformer",
        choices=POOLINGS,
    )
    encoder: str = setting("lstm", "the encoder: lstm or transformer", choices=ENCODERS)
    backbone: str | None = setting(
        None,
        "folder of a keras-hub preset, in place of an encoder by name: its backbone is the encoder "
        "and its tokenizer the run's; see docs/extending.md",
        of_model=False,
    )
    train_backbone: bool = setting(
        False, "whether the backbone learns too, or stays as it is", of_model=False
    )
    latent_input: str = setting(
        "both",
        "how z enters a transformer decoder: memory, a position that every block attends to; "
        "embedding, added to each token's embedding; or both",
        choices=LATENT_INPUTS,
    )
    condition_encoder: bool = setting(
        False, "whether the posterior, too, depends on the label of the condition"
    )
    semi_supervised: bool = setting(
        False,
        "whether a classifier of the label is trained alongside, so that sentences without a label "
        "count: the bound is then a sum over labels",
    )
    classifier_weight: float = setting(
        1.0,
        "weight of log q(label | text) of a labelled sentence; published is 0.1 times the "
        "sentences per labelled one",
        least=0,
    )
    prior: str | None = setting(
        None,
        "density that sentences are written from and measured under: scaled (the paper's for "
        "Scale-VAE), standard, diagonal, full or mixture (fitted to posteriors after each epoch), "
        "learned-mixture or vamp (trained with the model); without one scaled for Scale-VAE, else "
        "standard",
        choices=tuple(PRIORS),
    )
    kl_start: float = setting(
        0.1, "weight of the KL in the loss of the first step", least=0, most=1, of_model=False
    )
    kl_epochs: int = setting(10, "epochs until the KL weight is 1", least=0, of_model=False)
    select_by: str = setting(
        "objective",
        "validation loss that selects the best epoch: objective, as published, or elbo, the bound "
        "of the generator that decodes f * z",
        choices=("objective", "elbo"),
        of_model=False,
    )
