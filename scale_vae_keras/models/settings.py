"""The settings of every model, and of every model with a latent code."""

from dataclasses import dataclass

from scale_vae_keras.layers.encoder import POOLINGS
from scale_vae_keras.priors import PRIORS
from scale_vae_keras.settings import Range, Settings, setting

DECODERS = ("lstm", "cnn")


@dataclass(frozen=True)
class ModelSettings(Settings):
    """Settings of every model of sentences."""

    embedding_dim: int = setting(
        512, "width of the token embeddings", above=0, search=(64, 128, 256)
    )
    units: int = setting(
        1024, "width of the LSTMs, or of the convolutions", above=0, search=(128, 256, 512)
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
    decoder: str = setting("lstm", "the decoder: lstm or cnn", choices=DECODERS)
    dilations: tuple[int, ...] = setting(
        (1, 2, 4), "dilation of each layer of the cnn decoder", above=0
    )
    word_dropout: float = setting(
        0.0, "share of the decoder's input words that become <unk> in training", least=0, most=1
    )
    fraternal: float = setting(
        0.0,
        "weight of the distance between two passes of the decoder with different dropout; 0 for "
        "one pass",
        least=0,
    )


@dataclass(frozen=True)
class LatentSettings(ModelSettings):
    """Settings of every model with a latent code."""

    latent_dim: int = setting(32, "number of latent dimensions", above=0, search=(16, 32, 64))
    pooling: str = setting(
        "last", "what the encoder makes of its states: last, max or mean", choices=POOLINGS
    )
    prior: str | None = setting(
        None,
        "density that sentences are written from and measured under: scaled (the paper's for "
        "Scale-VAE), standard, diagonal, full or mixture (fitted to posteriors after each epoch), "
        "learned-mixture or vamp (trained with the model); without one scaled for Scale-VAE, else "
        "standard",
        choices=tuple(PRIORS),
    )
    kl_start: float = setting(0.1, "KL weight of the first step", least=0, most=1, of_model=False)
    kl_epochs: int = setting(10, "epochs until the KL weight is 1", least=0, of_model=False)
    select_by: str = setting(
        "objective",
        "validation loss that selects the best epoch: objective, as published, or elbo, the bound "
        "of the generator that decodes f * z",
        choices=("objective", "elbo"),
        of_model=False,
    )
