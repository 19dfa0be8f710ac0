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
        (1, 2, 4), "dilations of the cnn decoder, one per convolutional layer", above=0
    )
    word_dropout: float = setting(
        0.0, "share of the decoder's input words that become <unk> in training", least=0, most=1
    )
    embedding_noise: float = setting(
        0.0,
        "standard deviation of the noise on the decoder's input embeddings in training",
        least=0,
    )
    depth: int = setting(
        4, "number of blocks of a transformer, in the encoder and in the decoder", above=0
    )
    heads: int = setting(
        4,
        "number of attention heads of a transformer; their width, units / heads, must be even",
        above=0,
    )
    feed_forward: int | None = setting(
        None,
        "inner width of a transformer's feed-forward layers; four times units by default",
        above=0,
    )
    layer_dropout: float = setting(
        0.1,
        "dropout in the transformer decoder's blocks: share of the output of each half of a block "
        "that is dropped in training",
        least=0,
        below=1,
    )
    positions: str = setting(
        "rotary",
        "positional encoding of a transformer: rotary, or learned, a table of max_positions "
        "embeddings",
        choices=POSITIONS,
    )
    max_positions: int = setting(
        256,
        "maximum length of a sentence in tokens, <s> and </s> included, with learned positions",
        above=0,
    )
    condition: str = setting(
        "none",
        "what the decoder reads at every step besides z: none, or label, the label of the "
        "sentence, for a model of text given a label",
        choices=CONDITIONS,
    )
    fraternal: float = setting(
        0.0,
        "weight of the squared distance between the decoder's states in two passes with different "
        "dropout, averaged over units and summed over tokens; 0 for a single pass",
        least=0,
    )


@dataclass(frozen=True)
class LatentSettings(ModelSettings):
    """Settings of every model with a latent code."""

    latent_dim: int = setting(32, "number of latent dimensions", above=0, search=(16, 32, 64))
    pooling: str = setting(
        "last",
        "how the encoder summarises its states: last, max, mean, or, for the transformer only, "
        "first",
        choices=POOLINGS,
    )
    encoder: str = setting("lstm", "the encoder: lstm or transformer", choices=ENCODERS)
    backbone: str | None = setting(
        None,
        "folder of a keras-hub preset whose backbone becomes the encoder and whose tokenizer the "
        "run uses; see docs/extending.md",
        of_model=False,
    )
    train_backbone: bool = setting(
        False, "whether the backbone is trained too rather than frozen", of_model=False
    )
    latent_input: str = setting(
        "both",
        "how z enters a transformer decoder: memory, a position that every block attends to; "
        "embedding, added to each token's embedding; or both",
        choices=LATENT_INPUTS,
    )
    condition_encoder: bool = setting(
        False, "whether the posterior also depends on the label of the condition"
    )
    semi_supervised: bool = setting(
        False,
        "whether a classifier of the label is trained as well, so that sentences without a label "
        "can be used: their bound is a sum over labels",
    )
    classifier_weight: float = setting(
        1.0,
        "weight of log q(label | text) of a labelled sentence; published: 0.1 times the number of "
        "sentences per labelled one",
        least=0,
    )
    prior: str | None = setting(
        None,
        "prior that sentences are generated from and measured under: scaled (Scale-VAE's, as in "
        "its paper), standard, diagonal, full or mixture (fitted to posteriors after each epoch), "
        "learned-mixture or vamp (trained with the model); without a preset scaled for Scale-VAE "
        "and standard for the others",
        choices=tuple(PRIORS),
    )
    prior_components: int | None = setting(
        None,
        "number of components of the priors mixture, learned-mixture and vamp; by default 8, 32 "
        "and 64",
        above=0,
        of_model=False,
    )
    kl_start: float = setting(
        0.1, "weight of the KL in the first step", least=0, most=1, of_model=False
    )
    kl_epochs: int = setting(10, "epochs until the KL weight reaches 1", least=0, of_model=False)
    select_by: str = setting(
        "objective",
        "validation loss that selects the best epoch: objective, as published, or elbo, the bound "
        "under the model's prior",
        choices=("objective", "elbo"),
        of_model=False,
    )
