"""The plain text VAE, which every other system changes in one place."""

import keras
import tensorflow as tf

from scale_vae_keras.conditions.conditional import Labels
from scale_vae_keras.conditions.semi_supervised import (
    LabelClassifier,
    check_label_options,
    label_belief,
)
from scale_vae_keras.custom import is_custom
from scale_vae_keras.data.input_checks import as_ids
from scale_vae_keras.errors import InputError
from scale_vae_keras.evaluation.measured_vae import MeasuredVAE
from scale_vae_keras.layers.posterior import GaussianPosterior, Posterior, standard_kl
from scale_vae_keras.layers.replica import first_global_row
from scale_vae_keras.layers.state import add_state
from scale_vae_keras.models.sentence_model import SentenceModel
from scale_vae_keras.models.settings import LatentSettings
from scale_vae_keras.models.system import System
from scale_vae_keras.models.text_generator import TextGenerator
from scale_vae_keras.parts.by_name import build_encoder, config_of, make_encoder
from scale_vae_keras.priors import Prior, get_prior
from scale_vae_keras.settings import check
from scale_vae_keras.training.sentence_terms import SentenceTerms


@keras.saving.register_keras_serializable("scale_vae_keras")
class TextVAE(TextGenerator, MeasuredVAE, SentenceModel):
    """Text VAE with a diagonal Gaussian posterior.

    Kingma and Welling (2014), Bowman et al. (2016). `fit` takes a `tf.data.Dataset` of int32 ids
    `[batch, time]`, `<s> w ... </s>` right padded with 0. The loss is the mean over the global
    batch of reconstruction + `kl_weight` * KL in training, and with weight 1 in evaluation. A
    `global_clipnorm` of the optimizer clips the norm of the whole gradient of the global batch. A
    step with a loss or a gradient that is not finite changes no trained weight, is left out of the
    running means, and is counted in `skipped_steps`.

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
        pooling: how the encoder summarises its states: "last", "max", "mean", or "first", which is
            only for the Transformer.
        prior: "scaled", "standard", "diagonal", "full", "mixture", "learned-mixture", "vamp", or a
            `Prior`; by default `default_prior`, which is "scaled" for Scale-VAE and "standard" for
            the others.
        encoder: "lstm", "transformer", or a Keras layer from int32 ids `[batch, time]`, right
            padded with 0, to a summary `[batch, width]` that padding does not change. For the
            prior "vamp" it also has `embedding_dim` and `summary_of_embeddings`, see `LSTMEncoder`.
        latent_input: how z enters a Transformer decoder: "memory", "embedding" or "both".
        condition_encoder: whether the label's vector joins the encoder's summary.
        semi_supervised: whether a classifier q(label | text) is trained with the model, so that
            sentences without a label, number -1, can be used; see `conditions.semi_supervised`.
        classifier_weight: alpha, the weight of its log q(label | text) of a labelled sentence.
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
        condition_encoder: bool = LatentSettings.condition_encoder,
        semi_supervised: bool = LatentSettings.semi_supervised,
        classifier_weight: float = LatentSettings.classifier_weight,
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
        check(
            LatentSettings,
            latent_dim=latent_dim,
            pooling=pooling,
            latent_input=latent_input,
            condition_encoder=condition_encoder,
            semi_supervised=semi_supervised,
            classifier_weight=classifier_weight,
        )
        self.latent_dim = int(latent_dim)
        self.pooling = pooling
        self.latent_input = latent_input
        self.encoder = make_encoder(self, encoder, LatentSettings)
        self.gaussian_posterior = GaussianPosterior(self.latent_dim, name="posterior")
        self.decoder = self._make_decoder(self.latent_dim, self.decoder_skip)
        self.prior = get_prior(self.default_prior if prior is None else prior)
        self.prior.attach(self)
        if self.prior.kind != "scaled" and is_custom(type(self).decoder_input):
            raise InputError(
                f'{type(self).__name__}.decoder_input is only read by the prior "scaled", and the '
                f'prior is "{self.prior.kind}": give prior="scaled"'
            )
        self.condition_encoder = condition_encoder
        self.semi_supervised = semi_supervised
        self.classifier_weight = classifier_weight
        check_label_options(self, TextVAE.posterior)
        self.classifier = LabelClassifier(len(self.labels)) if semi_supervised else None

    @property
    def encoder_reads_label(self) -> bool:
        """Whether a posterior depends on the label, so that `encode` needs it."""
        return self.condition_encoder

    def build(self, input_shape):
        """Creates all weights for ids `[batch, time]`."""
        width = build_encoder(self.encoder, input_shape)
        if self.classifier is not None:
            self.classifier.build((input_shape[0], width))
        width += self.label_width if self.condition_encoder else 0
        self.gaussian_posterior.build((input_shape[0], width))
        self._build_decoder(input_shape)
        self.prior.build_for(self.latent_dim)
        self.kl_weight = add_state(self, "kl_weight", initializer="ones")
        self._build_step_state()
        self.built = True

    def posterior(
        self, ids: tf.Tensor, training: bool = False, label: tf.Tensor | None = None
    ) -> Posterior:
        """The posterior inferred for int32 ids `[batch, time]`: the encoder's own.

        Args:
            ids: int32 `[batch, time]`, `<s> w ... </s>`, right padded.
            training: whether the batch is a training batch.
            label: numbers of the labels, int32 `[batch]`; given where `encoder_reads_label`.
        """
        summary = self.encoder(ids)
        if self.condition_encoder:
            summary = self.with_label(summary, label)
        return self.amortized_posterior(summary)

    def inferred(
        self, ids: tf.Tensor, training: bool = False, label: tf.Tensor | None = None
    ) -> Posterior:
        """`posterior`, which is given the label only where it reads it; arguments as there."""
        if not self.encoder_reads_label:
            return self.posterior(ids, training)
        return self.posterior(ids, training, label=label)

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

    def encode(self, ids: tf.Tensor, label: Labels | None = None) -> Posterior:
        """The posterior that the decoder samples from, outside training.

        Args:
            ids: `[batch, time]`, `<s> w ... </s>`, right padded, of any integer type.
            label: the labels of the sentences, by name or number; without effect where the
                posterior does not depend on them, see `encoder_reads_label`.

        Raises:
            InputError: it is not a batch of ids, see `as_ids`; or a label is missing or unknown.
        """
        ids = as_ids(ids, self.vocabulary_size)
        self.ensure_built()
        label = self.numbers_of(label, ids.shape[0]) if self.encoder_reads_label else None
        sampled, _ = self.posteriors(self.inferred(ids, label=label), training=False)
        return sampled

    def decoder_input(self, prior_sample: tf.Tensor) -> tf.Tensor:
        """What the decoder is fed for a sample `[batch, latent]` of N(0, I): a factor times it.

        The prior "scaled" is the distribution of that.
        """
        return prior_sample

    def call(
        self, ids: tf.Tensor, training: bool = False, label: tf.Tensor | None = None
    ) -> SentenceTerms:
        """Terms of the loss of each sentence, at one sample of z.

        Args:
            ids: int32 `[batch, time]`, `<s> w ... </s>`, right padded.
            training: whether this is a training batch: dropout, `kl_weight`, and noise that
                changes with every such call. Otherwise the KL weight is 1 and the noise depends
                only on the batch's content.
            label: labels, for a model with a condition, int32 `[batch]`; -1 for a sentence without
                one, which needs `semi_supervised`.
        """
        seed = self._step_seed(ids, training)
        belief = None
        if self.classifier is None:
            posterior = self.inferred(ids, training, label)
        else:
            summary = self.encoder(ids)
            posterior = self.amortized_posterior(summary)
            belief = label_belief(self.classifier(summary), label)
        sampled, charged = self.posteriors(posterior, training)
        z = sampled.sample(self._noise(ids, seed))
        if belief is None:
            code = self.with_label(z, label)
            reconstruction, distance = self._reconstruct(ids, code, training, seed)
        else:
            reconstruction, distance = belief.mean_of(
                lambda each: self._reconstruct(ids, self.with_label(z, each), training, seed)
            )
        kl = tf.reduce_sum(standard_kl(charged), axis=-1)
        if self.prior.learned:
            learned = tf.cast(self.prior.rate(*sampled, z), tf.float32)
            rate = self.rate(charged, training, learned)
        else:
            rate = self.rate(charged, training)
        of_label = 0.0 if belief is None else belief.cost
        if not training:
            return SentenceTerms(reconstruction, kl, reconstruction + rate + of_label)
        self.training_calls.assign_add(1)
        loss = reconstruction + self.kl_weight * rate + distance + of_label
        if belief is not None:
            loss += self.classifier_weight * belief.surprise
        return SentenceTerms(reconstruction, kl, loss + self.penalty(sampled, z, seed))

    def _noise(self, local, seed):
        """Standard normal noise that depends on a sentence's place in the global batch."""
        first = first_global_row(local)
        rows = first + tf.shape(local)[0]
        return tf.random.stateless_normal([rows, self.latent_dim], seed)[first:]

    def get_config(self):
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "latent_dim": self.latent_dim,
            "pooling": self.pooling,
            "encoder": config_of(self.encoder_kind),
            "latent_input": self.latent_input,
            "condition_encoder": self.condition_encoder,
            "semi_supervised": self.semi_supervised,
            "classifier_weight": self.classifier_weight,
            "prior": keras.saving.serialize_keras_object(self.prior),
        }


SYSTEM = System(
    "vae", TextVAE, LatentSettings, "plain VAE with linear KL annealing", "Bowman et al. (2016)"
)
