"""Scale-VAE: the decoder sees scaled-up posterior means, the KL is charged on the unscaled ones."""

import keras
import tensorflow as tf

from scale_vae_keras.layers.posterior import Posterior
from scale_vae_keras.layers.posterior_scale import PosteriorScale
from scale_vae_keras.models.text_vae import TextVAE


@keras.saving.register_keras_serializable("scale_vae_keras")
class ScaleVAE(TextVAE):
    """Text VAE whose posterior means are scaled to a standard deviation of `des_std`.

    Song et al., "Scale-VAE: Preventing Posterior Collapse in Variational Autoencoder",
    LREC-COLING 2024. The decoder samples z from N(f * mu, sigma^2) while the rate is
    KL(N(mu, sigma^2) || N(0, I)), with `f_d = des_std / Std[mu_d]` over the mini-batch. The
    callback `EpochAverageScale` puts the epoch average of f in force after `f_epo` epochs.
    Sentences are generated from f * z with z ~ N(0, I).

    The objective is not a bound on the likelihood of that generator; the evaluation reports a
    proper bound beside it.

    Args:
        vocabulary_size: number of token ids, specials included.
        latent_dim: number of latent dimensions.
        embedding_dim: width of the token embeddings of encoder and decoder.
        units: width of the LSTMs of encoder and decoder.
        dropout: share of embedding and hidden entries that the decoder drops in training.
        des_std: the standard deviation that scaled means shall have over a batch.
        ddof: 1 divides the squared deviations of a batch by N - 1, 0 by N.
        average: how an epoch's factors become one: "arithmetic", "pooled" or "median".
        through_batch_factor: whether gradients flow through the batch's own factor.
        min_factor_batch: smallest global batch whose own factor is used and recorded.
        max_factor: upper limit of a batch's factor.
        **kwargs: the further arguments of `TextVAE` and `keras.Model`.

    Raises:
        InputError: an argument is out of its range.
    """

    def __init__(
        self,
        vocabulary_size: int,
        latent_dim: int = 32,
        embedding_dim: int = 512,
        units: int = 1024,
        dropout: float = 0.5,
        des_std: float = 0.7,
        ddof: int = 1,
        average: str = "arithmetic",
        through_batch_factor: bool = True,
        min_factor_batch: int = 16,
        max_factor: float = 1e4,
        **kwargs,
    ):
        super().__init__(vocabulary_size, latent_dim, embedding_dim, units, dropout, **kwargs)
        self.scale_config = {
            "des_std": des_std,
            "ddof": ddof,
            "average": average,
            "through_batch_factor": through_batch_factor,
            "min_factor_batch": min_factor_batch,
            "max_factor": max_factor,
        }
        self.posterior_scale = PosteriorScale(**self.scale_config, name="posterior_scale")

    def build(self, input_shape):
        """Creates all weights for ids `[batch, time]`."""
        self.posterior_scale.build((input_shape[0], self.latent_dim))
        super().build(input_shape)

    def posteriors(self, posterior: Posterior, training: bool) -> tuple[Posterior, Posterior]:
        """N(f * mu, sigma^2) for the decoder, N(mu, sigma^2) for the rate."""
        scaled = self.posterior_scale(posterior.mean, training=training)
        return Posterior(scaled, posterior.log_var), posterior

    def decoder_input(self, prior_sample: tf.Tensor) -> tf.Tensor:
        """`f * z`: the paper's generator, for a sample `[batch, latent]` of N(0, I)."""
        return self.posterior_scale.factor() * prior_sample

    def get_config(self):
        """Constructor arguments."""
        return {**super().get_config(), **self.scale_config}
