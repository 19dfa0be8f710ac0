"""The plain text VAE, which every other system changes in one place."""

import keras
import tensorflow as tf

from scale_vae_keras.data.batches import sampled_batches
from scale_vae_keras.data.encoded import EncodedSplit
from scale_vae_keras.data.input_checks import as_ids
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.first_posteriors import first_posteriors
from scale_vae_keras.evaluation.importance_weighting import importance_estimates, sentence_streams
from scale_vae_keras.layers.posterior import GaussianPosterior, Posterior, standard_kl
from scale_vae_keras.layers.replica import first_global_row
from scale_vae_keras.layers.state import add_state
from scale_vae_keras.models.sentence_model import SentenceModel
from scale_vae_keras.models.sentence_terms import SentenceTerms
from scale_vae_keras.models.settings import LatentSettings
from scale_vae_keras.models.system import System
from scale_vae_keras.models.text_generator import TextGenerator
from scale_vae_keras.parts.by_name import build_encoder, config_of, make_encoder
from scale_vae_keras.priors import Prior, get_prior
from scale_vae_keras.priors.prior import FIT_LIMIT
from scale_vae_keras.settings import check

_FIT_BATCH = 512
_MOST_ROWS = 1024


@keras.saving.register_keras_serializable("scale_vae_keras")
class TextVAE(TextGenerator, SentenceModel):
    """Text VAE with a diagonal Gaussian posterior.

    Kingma and Welling (2014), Bowman et al. (2016). `fit` takes a `tf.data.Dataset` of int32 ids
    `[batch, time]`, `<s> w ... </s>` right padded with 0. The loss is the mean over the global
    batch of reconstruction + `kl_weight` * KL in training, and with weight 1 in evaluation. A
    `global_clipnorm` of the optimizer clips the norm of the whole gradient of the global batch. A
    step with a loss or a gradient that is not finite changes nothing, is left out of the running
    means, and is counted in `skipped_steps`.

    The prior is the density that sentences are generated from and that their likelihood is measured
    under. It changes what is trained only if it is learned with the model ("learned-mixture",
    "vamp"): the rate is then that of the posterior that the decoder samples from to this prior, at
    the step's own sample, and reconstruction + rate bounds the negative log-likelihood. Else the
    rate is the KL to N(0, I), as each system charges it. A prior that is fitted ("diagonal",
    "full", "mixture") is fitted to posteriors of training sentences by `fit_prior` or the callback
    `FitPrior`.

    Args:
        vocabulary_size: number of token ids, specials included.
        latent_dim: number of latent dimensions.
        embedding_dim: width of the token embeddings of encoder and decoder.
        units: width of encoder and decoder.
        dropout: share of embedding and hidden entries that the decoder drops in training.
        decoder_initializer_range: decoder weights start uniform in plus or minus this value.
        seed: seed of latent noise and dropout. Initial weights follow
            `keras.utils.set_random_seed`.
        pooling: what the encoder makes of its states: "last", "max", "mean", or "first", which is
            for the Transformer.
        prior: "scaled", "standard", "diagonal", "full", "mixture", "learned-mixture", "vamp", or a
            `Prior`; by default `default_prior`, which is "scaled" for Scale-VAE and "standard" for
            the others.
        encoder: "lstm", "transformer", or a Keras layer from int32 ids `[batch, time]`, right
            padded with 0, to a summary `[batch, width]` that padding does not change. For the
            prior "vamp" it also has `embedding_dim` and `summary_of_embeddings`, see `LSTMEncoder`.
        latent_input: how z enters a Transformer decoder: "memory", "embedding" or "both".
        **kwargs: the decoder's options, see `SentenceModel`, and arguments of `keras.Model`.

    Raises:
        InputError: an argument is out of its range.

    Example:
        >>> model = sv.TextVAE(9, latent_dim=2, embedding_dim=3, units=4)
        >>> model.encode([[1, 5, 2]]).mean.shape
        TensorShape([1, 2])
        >>> model.generate(3, max_length=4).z.shape
        TensorShape([3, 2])
    """

    decoder_skip = False
    default_prior = "standard"

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
        prior: str | Prior | None = None,
        encoder: str | keras.layers.Layer = LatentSettings.encoder,
        latent_input: str = LatentSettings.latent_input,
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
        check(LatentSettings, latent_dim=latent_dim, pooling=pooling, latent_input=latent_input)
        self.latent_dim = latent_dim
        self.pooling = pooling
        self.latent_input = latent_input
        self.encoder = make_encoder(self, encoder, LatentSettings)
        self.gaussian_posterior = GaussianPosterior(latent_dim, name="posterior")
        self.decoder = self._make_decoder(latent_dim, self.decoder_skip)
        self.prior = get_prior(self.default_prior if prior is None else prior)
        self.prior.attach(self)

    def build(self, input_shape):
        """Creates all weights for ids `[batch, time]`."""
        width = build_encoder(self.encoder, input_shape)
        self.gaussian_posterior.build((input_shape[0], width))
        self._build_decoder(input_shape)
        self.prior.build_for(self.latent_dim)
        self.kl_weight = add_state(self, "kl_weight", initializer="ones")
        self._build_step_state()
        self.built = True

    def posterior(self, ids: tf.Tensor, training: bool = False) -> Posterior:
        """The posterior that inference finds for int32 ids `[batch, time]`: the encoder's own.

        Args:
            ids: int32 `[batch, time]`, `<s> w ... </s>`, right padded.
            training: whether the batch is a training batch.
        """
        return self.amortized_posterior(self.encoder(ids))

    def amortized_posterior(self, summary: tf.Tensor) -> Posterior:
        """The posterior of the encoder's summary of each sentence, `[batch, units]`."""
        return self.gaussian_posterior(summary)

    def pseudo_posterior(self, embedded: tf.Tensor) -> Posterior:
        """The posterior that the decoder would sample from for sentences of token embeddings.

        Args:
            embedded: `[pseudo-inputs, time, embedding]`, without padding.
        """
        summary = self.encoder.summary_of_embeddings(embedded)
        sampled, _ = self.posteriors(self.amortized_posterior(summary), training=False)
        return sampled

    def posteriors(self, posterior: Posterior, training: bool) -> tuple[Posterior, Posterior]:
        """The posterior that the decoder samples from and the one that the rate is charged on.

        Args:
            posterior: what the encoder gives.
            training: whether the batch is a training batch.
        """
        return posterior, posterior

    def rate(
        self, charged: Posterior, training: bool = True, learned: tf.Tensor | None = None
    ) -> tf.Tensor:
        """What the loss charges for each sentence's posterior, in nats, float32 `[batch]`.

        Args:
            charged: the posterior that the rate is charged on.
            training: whether this is the rate of a training step, before `kl_weight`, or of the
                validation loss.
            learned: the rate to a prior that is learned with the model, float32 `[batch]`; it
                replaces the KL of `charged` to N(0, I).
        """
        return tf.reduce_sum(standard_kl(charged), axis=-1) if learned is None else learned

    def penalty(self, sampled: Posterior, z: tf.Tensor, seed: tf.Tensor) -> tf.Tensor | float:
        """What a training step adds to each sentence's loss, in nats, a scalar or `[batch]`.

        Args:
            sampled: the posterior that the decoder samples from.
            z: its sample, float32 `[batch, latent]`.
            seed: seed of the step, int32 `[2]`.
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
        """Importance-weighted estimate of log p(ids) under the model's prior.

        A lower bound in expectation, exact as the samples grow (Burda et al., 2016). For a whole
        corpus, with other priors and the effective sample size, see `evaluate_density`, which
        gives the same figures: row i has the samples of sentence i of a split.

        Args:
            ids: int32 `[batch, time]`, `<s> w ... </s>`, right padded.
            samples: number of importance samples per sentence.
            seed: seed of the samples.

        Returns:
            Nats, the end symbol counted, float32 `[batch]`.

        Raises:
            InputError: `samples` is below 1, `seed` is below 0, or the prior is not fitted yet.
        """
        if samples < 1:
            raise InputError(f"samples must be at least 1, got {samples}")
        if seed < 0:
            raise InputError(f"seed must be at least 0, got {seed}")
        ids = as_ids(ids, self.vocabulary_size)
        self.prior.check_fitted()

        def score(z):
            sentences, drawn = z.shape[:2]
            rows = tf.reshape(z, [sentences * drawn, self.latent_dim])
            log_likelihood = self.decoder(tf.repeat(ids, drawn, axis=0), rows)
            return tf.reshape(log_likelihood, [sentences, drawn])

        streams = sentence_streams(seed, range(len(ids)))
        estimates = importance_estimates(
            score, self.encode(ids), self.prior, streams, samples, _MOST_ROWS
        )
        return tf.constant(estimates.log_likelihood, tf.float32)

    def fit_prior(
        self,
        sentences: tf.data.Dataset | EncodedSplit | Posterior,
        limit: int = FIT_LIMIT,
        seed: int = 0,
    ) -> None:
        """Fits the prior to the posteriors of training sentences.

        Args:
            sentences: batches of int32 ids `[batch, time]` in random order, of which the first
                `limit` sentences are used; a split, of which `limit` sentences are drawn; or their
                posteriors, mean and log variance `[sentences, latent]`.
            limit: maximum number of sentences encoded.
            seed: seed of the drawn sentences and of the fit.

        Raises:
            InputError: the prior is not one that is fitted, there is no sentence, a posterior is
                not finite, or "mixture" is fitted without scikit-learn.
        """
        if isinstance(sentences, EncodedSplit):
            sentences = sampled_batches(sentences, _FIT_BATCH, limit, seed)
        if isinstance(sentences, tf.data.Dataset):
            sentences = first_posteriors(self._encoding_graph(), sentences, limit)
        self.prior.fit(sentences, seed)

    def _encoding_graph(self):
        """`encode` as a graph, made once."""
        # Kept out of Keras' sight: a function that is an attribute would be exported.
        if "_encoding" not in self.__dict__:
            self.__dict__["_encoding"] = tf.function(
                self.encode, input_signature=[tf.TensorSpec([None, None], tf.int32)]
            )
        return self.__dict__["_encoding"]

    def call(self, ids: tf.Tensor, training: bool = False) -> SentenceTerms:
        """Terms of the loss of each sentence, at one sample of z.

        Args:
            ids: int32 `[batch, time]`, `<s> w ... </s>`, right padded.
            training: whether this is a training batch: dropout, `kl_weight`, and noise that
                changes with every such call. Otherwise the KL weight is 1 and the noise depends
                on the batch's content alone.
        """
        seed = self._step_seed(ids, training)
        sampled, charged = self.posteriors(self.posterior(ids, training), training)
        z = sampled.sample(self._noise(ids, seed))
        reconstruction, distance = self._reconstruct(ids, z, training, seed)
        kl = tf.reduce_sum(standard_kl(charged), axis=-1)
        if self.prior.learned:
            learned = tf.cast(self.prior.rate(*sampled, z), tf.float32)
            rate = self.rate(charged, training, learned)
        else:
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
            "encoder": config_of(self.encoder_kind),
            "latent_input": self.latent_input,
            "prior": keras.saving.serialize_keras_object(self.prior),
        }


SYSTEM = System(
    "vae", TextVAE, LatentSettings, "plain VAE with linear KL annealing", "Bowman et al. (2016)"
)
