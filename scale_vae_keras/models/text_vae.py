"""The plain text VAE, which every other system changes in one place."""

from typing import NamedTuple

import keras
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.decoder import LSTMDecoder
from scale_vae_keras.layers.encoder import LSTMEncoder
from scale_vae_keras.layers.posterior import GaussianPosterior, Posterior, standard_kl
from scale_vae_keras.layers.replica import first_global_row, global_batch_size, global_sum
from scale_vae_keras.models.gradients import apply_clipped, dense_gradients
from scale_vae_keras.models.text_generator import TextGenerator


class SentenceTerms(NamedTuple):
    """Terms of the loss of each sentence, float32 `[batch]`, in nats.

    Attributes:
        reconstruction: -log p(x | z) at one sample z, the end symbol counted.
        kl: KL(q(z|x) || N(0, I)) of the posterior that the rate is charged on.
        loss: what the step minimises the mean of.
    """

    reconstruction: tf.Tensor
    kl: tf.Tensor
    loss: tf.Tensor


@keras.saving.register_keras_serializable("scale_vae_keras")
class TextVAE(TextGenerator, keras.Model):
    """LSTM text VAE with a diagonal Gaussian posterior and a standard normal prior.

    Kingma and Welling (2014), Bowman et al. (2016). `fit` takes a `tf.data.Dataset` of int32 ids
    `[batch, time]`, `<s> w ... </s>` right padded with 0. The loss is the mean over the global
    batch of reconstruction + `kl_weight` * KL in training, and with weight 1 in evaluation. A
    `global_clipnorm` of the optimizer clips the norm of the whole gradient of the global batch. A
    step with a gradient that is not finite changes nothing and is counted in `skipped_steps`.

    Args:
        vocabulary_size: number of token ids, specials included.
        latent_dim: number of latent dimensions.
        embedding_dim: width of the token embeddings of encoder and decoder.
        units: width of the LSTMs of encoder and decoder.
        dropout: share of embedding and hidden entries that the decoder drops in training.
        decoder_initializer_range: decoder weights start uniform in plus or minus this value.
        seed: of latent noise and dropout. Initial weights follow `keras.utils.set_random_seed`.

    Raises:
        InputError: a size is not positive, or `dropout` is not in [0, 1).
    """

    def __init__(
        self,
        vocabulary_size: int,
        latent_dim: int = 32,
        embedding_dim: int = 512,
        units: int = 1024,
        dropout: float = 0.5,
        decoder_initializer_range: float = 0.01,
        seed: int = 0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        sizes = {
            "vocabulary_size": vocabulary_size,
            "latent_dim": latent_dim,
            "embedding_dim": embedding_dim,
            "units": units,
        }
        for name, size in sizes.items():
            if int(size) != size or size < 1:
                raise InputError(f"{name} must be a positive whole number, got {size}")
        if not 0 <= dropout < 1:
            raise InputError(f"dropout must be at least 0 and below 1, got {dropout}")
        self.vocabulary_size = vocabulary_size
        self.latent_dim = latent_dim
        self.embedding_dim = embedding_dim
        self.units = units
        self.dropout = dropout
        self.decoder_initializer_range = decoder_initializer_range
        self.seed = seed
        self.supports_jit = False
        self.encoder = LSTMEncoder(
            vocabulary_size, embedding_dim, units, dtype=self.dtype_policy, name="encoder"
        )
        self.gaussian_posterior = GaussianPosterior(latent_dim, units**-0.5, name="posterior")
        self.decoder = LSTMDecoder(
            vocabulary_size,
            embedding_dim,
            units,
            latent_dim,
            dropout,
            decoder_initializer_range,
            dtype=self.dtype_policy,
            name="decoder",
        )
        self.loss_tracker = keras.metrics.Mean(name="loss")
        self.reconstruction_tracker = keras.metrics.Mean(name="reconstruction")
        self.kl_tracker = keras.metrics.Mean(name="kl")

    def build(self, input_shape):
        """Creates all weights for ids `[batch, time]`."""
        self.encoder.build(input_shape)
        self.gaussian_posterior.build((input_shape[0], self.units))
        self.decoder.build(input_shape, (input_shape[0], self.latent_dim))
        self.kl_weight = self._state("kl_weight", "ones")
        self.gradient_norm = self._state("gradient_norm", "zeros")
        self.skipped_steps = self._state("skipped_steps", "zeros")
        self.built = True

    def _state(self, name, initializer):
        return self.add_weight(
            name=name,
            shape=(),
            initializer=initializer,
            trainable=False,
            dtype="float32",
            aggregation="only_first_replica",
        )

    @property
    def metrics(self):
        """Trackers that Keras resets at the start of each epoch and evaluation."""
        return [self.loss_tracker, self.reconstruction_tracker, self.kl_tracker]

    def posteriors(self, posterior: Posterior, training: bool) -> tuple[Posterior, Posterior]:
        """The posterior that the decoder samples from and the one that the rate is charged on.

        Args:
            posterior: what the encoder gives.
            training: whether the batch is a training batch.
        """
        return posterior, posterior

    def rate(self, charged: Posterior) -> tf.Tensor:
        """What the loss charges for each sentence's posterior, in nats, float32 `[batch]`."""
        return tf.reduce_sum(standard_kl(charged), axis=-1)

    def posterior(self, ids: tf.Tensor) -> Posterior:
        """The encoder's own posterior of int32 ids `[batch, time]`."""
        return self.gaussian_posterior(self.encoder(ids))

    def encode(self, ids: tf.Tensor) -> Posterior:
        """The posterior that the decoder samples from, outside training.

        Args:
            ids: int32 `[batch, time]`, `<s> w ... </s>`, right padded.
        """
        sampled, _ = self.posteriors(self.posterior(ids), training=False)
        return sampled

    def decoder_input(self, prior_sample: tf.Tensor) -> tf.Tensor:
        """What the decoder is fed for a sample `[batch, latent]` of N(0, I)."""
        return prior_sample

    def call(self, ids: tf.Tensor, training: bool = False) -> SentenceTerms:
        """Terms of the loss of each sentence, at one sample of z.

        Args:
            ids: int32 `[batch, time]`, `<s> w ... </s>`, right padded.
            training: whether this is a training batch: dropout, `kl_weight`, and noise that
                changes with the optimizer's steps. Else the KL weight is 1 and the noise depends
                on the batch's content alone.
        """
        seed = self._step_seed(ids, training)
        sampled, charged = self.posteriors(self.posterior(ids), training)
        z = sampled.sample(self._noise(ids, seed))
        replica = first_global_row(ids)
        dropout_seed = tf.random.experimental.stateless_fold_in(seed, replica + 1)
        reconstruction = -self.decoder(ids, z, training=training, seed=dropout_seed)
        kl = tf.reduce_sum(standard_kl(charged), axis=-1)
        loss = reconstruction + (self.kl_weight * self.rate(charged) if training else kl)
        return SentenceTerms(reconstruction, kl, loss)

    def _step_seed(self, ids, training):
        if training:
            stream = tf.cast(self.optimizer.iterations, tf.int32)
        else:
            weights = tf.range(1, tf.shape(ids)[1] + 1)
            stream = -1 - tf.bitwise.bitwise_and(
                tf.cast(global_sum(tf.reduce_sum(ids * weights)), tf.int32), 0x3FFFFFFF
            )
        return tf.stack([tf.constant(self.seed, tf.int32), stream])

    def _noise(self, ids, seed):
        """Standard normal noise that depends on a sentence's place in the global batch."""
        first = first_global_row(ids)
        rows = first + tf.shape(ids)[0]
        return tf.random.stateless_normal([rows, self.latent_dim], seed)[first:]

    def train_step(self, data):
        """One update from int32 ids `[batch, time]`; returns the running means of the epoch."""
        ids, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            terms = self(ids, training=True)
            loss = tf.reduce_sum(terms.loss) / global_batch_size(ids)
            scaled_loss = self.optimizer.scale_loss(loss)
        variables = self.trainable_variables
        gradients = dense_gradients(tape, scaled_loss, variables)
        norm, finite = apply_clipped(self.optimizer, gradients, variables)
        self.gradient_norm.assign(norm)
        self.skipped_steps.assign(self.skipped_steps + tf.cast(~finite, tf.float32))
        return self._track(terms)

    def test_step(self, data):
        """Evaluates a batch of int32 ids `[batch, time]` with KL weight 1."""
        ids, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        return self._track(self(ids, training=False))

    def _track(self, terms):
        self.loss_tracker.update_state(terms.loss)
        self.reconstruction_tracker.update_state(terms.reconstruction)
        self.kl_tracker.update_state(terms.kl)
        return {metric.name: metric.result() for metric in self.metrics}

    def compute_output_shape(self, input_shape):
        """Shapes of the terms."""
        return SentenceTerms((input_shape[0],), (input_shape[0],), (input_shape[0],))

    def get_config(self):
        """Constructor arguments."""
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "latent_dim": self.latent_dim,
            "embedding_dim": self.embedding_dim,
            "units": self.units,
            "dropout": self.dropout,
            "decoder_initializer_range": self.decoder_initializer_range,
            "seed": self.seed,
        }
