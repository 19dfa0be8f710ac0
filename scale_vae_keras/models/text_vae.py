"""The plain text VAE, which every other system changes in one place."""

import math

import keras
import tensorflow as tf

from scale_vae_keras.data.input_checks import as_ids
from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.encoder import LSTMEncoder
from scale_vae_keras.layers.posterior import GaussianPosterior, Posterior, standard_kl
from scale_vae_keras.layers.replica import first_global_row
from scale_vae_keras.models.sentence_model import SentenceModel, SentenceTerms
from scale_vae_keras.models.settings import LatentSettings
from scale_vae_keras.models.system import System
from scale_vae_keras.models.text_generator import TextGenerator
from scale_vae_keras.settings import check

_MOST_ROWS = 1024


def _parts(samples: int, sentences: int) -> list[int]:
    """Samples of each pass of at most `_MOST_ROWS` rows, or of one sample."""
    size = max(1, _MOST_ROWS // sentences)
    return [min(size, samples - start) for start in range(0, samples, size)]


@keras.saving.register_keras_serializable("scale_vae_keras")
class TextVAE(TextGenerator, SentenceModel):
    """LSTM text VAE with a diagonal Gaussian posterior and a standard normal prior.

    Kingma and Welling (2014), Bowman et al. (2016). `fit` takes a `tf.data.Dataset` of int32 ids
    `[batch, time]`, `<s> w ... </s>` right padded with 0. The loss is the mean over the global
    batch of reconstruction + `kl_weight` * KL in training, and with weight 1 in evaluation. A
    `global_clipnorm` of the optimizer clips the norm of the whole gradient of the global batch. A
    step with a loss or a gradient that is not finite changes nothing, is left out of the running
    means, and is counted in `skipped_steps`.

    Args:
        vocabulary_size: number of token ids, specials included.
        latent_dim: number of latent dimensions.
        embedding_dim: width of the token embeddings of encoder and decoder.
        units: width of the LSTMs of encoder and decoder.
        dropout: share of embedding and hidden entries that the decoder drops in training.
        decoder_initializer_range: decoder weights start uniform in plus or minus this value.
        seed: of latent noise and dropout. Initial weights follow `keras.utils.set_random_seed`.
        pooling: what the encoder makes of its states: "last", "max" or "mean".
        **kwargs: the decoder's options, see `SentenceModel`, and arguments of `keras.Model`.

    Raises:
        InputError: an argument is out of its range.
    """

    decoder_skip = False

    def __init__(
        self,
        vocabulary_size: int,
        latent_dim: int = LatentSettings.latent_dim,
        embedding_dim: int = LatentSettings.embedding_dim,
        units: int = LatentSettings.units,
        dropout: float = LatentSettings.dropout,
        decoder_initializer_range: float = LatentSettings.decoder_initializer_range,
        seed: int = 0,
        pooling: str = LatentSettings.pooling,
        **kwargs,
    ):
        super().__init__(
            vocabulary_size,
            embedding_dim,
            units,
            dropout,
            decoder_initializer_range,
            seed,
            **kwargs,
        )
        check(LatentSettings, latent_dim=latent_dim, pooling=pooling)
        self.latent_dim = latent_dim
        self.pooling = pooling
        self.encoder = LSTMEncoder(
            vocabulary_size,
            embedding_dim,
            units,
            pooling,
            dtype=self.dtype_policy,
            name="encoder",
        )
        self.gaussian_posterior = GaussianPosterior(latent_dim, units**-0.5, name="posterior")
        self.decoder = self._make_decoder(latent_dim, self.decoder_skip)

    def build(self, input_shape):
        """Creates all weights for ids `[batch, time]`."""
        self.encoder.build(input_shape)
        self.gaussian_posterior.build((input_shape[0], self.units))
        self.decoder.build(input_shape, (input_shape[0], self.latent_dim))
        self.kl_weight = self._state("kl_weight", "ones")
        self._build_step_state()
        self.built = True

    def posterior(self, ids: tf.Tensor, training: bool = False) -> Posterior:
        """The posterior that inference finds for int32 ids `[batch, time]`: the encoder's own.

        Args:
            ids: int32 `[batch, time]`, `<s> w ... </s>`, right padded.
            training: whether the batch is a training batch.
        """
        return self.gaussian_posterior(self.encoder(ids))

    def posteriors(self, posterior: Posterior, training: bool) -> tuple[Posterior, Posterior]:
        """The posterior that the decoder samples from and the one that the rate is charged on.

        Args:
            posterior: what the encoder gives.
            training: whether the batch is a training batch.
        """
        return posterior, posterior

    def rate(self, charged: Posterior, training: bool = True) -> tf.Tensor:
        """What the loss charges for each sentence's posterior, in nats, float32 `[batch]`.

        Args:
            charged: the posterior that the rate is charged on.
            training: whether this is the rate of a training step, before `kl_weight`, or of the
                validation loss.
        """
        return tf.reduce_sum(standard_kl(charged), axis=-1)

    def penalty(self, sampled: Posterior, z: tf.Tensor, seed: tf.Tensor) -> tf.Tensor | float:
        """What a training step adds to each sentence's loss, in nats, a scalar or `[batch]`.

        Args:
            sampled: the posterior that the decoder samples from.
            z: its sample, float32 `[batch, latent]`.
            seed: of the step, int32 `[2]`.
        """
        return 0.0

    def encode(self, ids: tf.Tensor) -> Posterior:
        """The posterior that the decoder samples from, outside training.

        Args:
            ids: `[batch, time]`, `<s> w ... </s>`, right padded, of any integer type.

        Raises:
            InputError: it is not a batch of ids, see `as_ids`.
        """
        ids = as_ids(ids, self.vocabulary_size)
        self.ensure_built()
        sampled, _ = self.posteriors(self.posterior(ids), training=False)
        return sampled

    def decoder_input(self, prior_sample: tf.Tensor) -> tf.Tensor:
        """What the decoder is fed for a sample `[batch, latent]` of N(0, I)."""
        return prior_sample

    def log_likelihood(self, ids: tf.Tensor, samples: int = 100, seed: int = 0) -> tf.Tensor:
        """Importance-weighted estimate of log p(ids) for what `generate` draws from.

        A lower bound in expectation, exact as the samples grow (Burda et al., 2016). For a whole
        corpus, with other generators and the effective sample size, see `evaluate_density`.

        Args:
            ids: int32 `[batch, time]`, `<s> w ... </s>`, right padded.
            samples: importance samples of a sentence.
            seed: of the samples.

        Returns:
            Nats, the end symbol counted, float32 `[batch]`.

        Raises:
            InputError: `samples` is below 1.
        """
        if samples < 1:
            raise InputError(f"samples must be at least 1, got {samples}")
        ids = as_ids(ids, self.vocabulary_size)
        posterior = self.encode(ids)
        prior_std = self.decoder_input(tf.ones([1, self.latent_dim]))
        noises = tf.random.stateless_normal([samples, *posterior.mean.shape], [seed, 0])
        weights = []
        for noise in tf.split(noises, _parts(samples, len(ids))):
            z = posterior.sample(noise)
            distance = tf.square(noise) - tf.square(z / prior_std)
            ratio = 0.5 * (posterior.log_var + distance) - tf.math.log(prior_std)
            rows = tf.tile(ids, [len(noise), 1])
            log_likelihood = self.decoder(rows, tf.reshape(z, [-1, self.latent_dim]))
            weights.append(
                tf.reshape(log_likelihood, [len(noise), -1]) + tf.reduce_sum(ratio, axis=-1)
            )
        return tf.reduce_logsumexp(tf.concat(weights, axis=0), axis=0) - math.log(samples)

    def call(self, ids: tf.Tensor, training: bool = False) -> SentenceTerms:
        """Terms of the loss of each sentence, at one sample of z.

        Args:
            ids: int32 `[batch, time]`, `<s> w ... </s>`, right padded.
            training: whether this is a training batch: dropout, `kl_weight`, and noise that
                changes with every such call. Else the KL weight is 1 and the noise depends
                on the batch's content alone.
        """
        seed = self._step_seed(ids, training)
        sampled, charged = self.posteriors(self.posterior(ids, training), training)
        z = sampled.sample(self._noise(ids, seed))
        reconstruction, distance = self._reconstruct(ids, z, training, seed)
        kl = tf.reduce_sum(standard_kl(charged), axis=-1)
        rate = self.rate(charged, training)
        if not training:
            return SentenceTerms(reconstruction, kl, reconstruction + rate)
        self.training_calls.assign_add(1)
        loss = reconstruction + self.kl_weight * rate + distance
        return SentenceTerms(reconstruction, kl, loss + self.penalty(sampled, z, seed))

    def _noise(self, local, seed):
        """Standard normal noise that depends on a sentence's place in the global batch."""
        first = first_global_row(local)
        rows = first + tf.shape(local)[0]
        return tf.random.stateless_normal([rows, self.latent_dim], seed)[first:]

    def get_config(self):
        """Constructor arguments."""
        return {
            **super().get_config(),
            "latent_dim": self.latent_dim,
            "pooling": self.pooling,
        }


SYSTEM = System(
    "vae", TextVAE, LatentSettings, "plain VAE with linear KL annealing", "Bowman et al. (2016)"
)
