"""What the text VAEs and the language model have in common: the decoder and the training step."""

from typing import NamedTuple

import keras
import tensorflow as tf

from scale_vae_keras.data.global_batches import GlobalBatches
from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.cnn_decoder import CNNDecoder
from scale_vae_keras.layers.decoder import LSTMDecoder
from scale_vae_keras.layers.replica import first_global_row, global_batch_size, global_sum
from scale_vae_keras.layers.sentence_decoder import SentenceDecoder
from scale_vae_keras.layers.step_function import step_function
from scale_vae_keras.models.global_mean import GlobalMean
from scale_vae_keras.models.gradients import apply_clipped, dense_gradients
from scale_vae_keras.models.settings import ModelSettings
from scale_vae_keras.settings import check

_FRATERNAL_STREAM = 1000


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


class SentenceModel(keras.Model):
    """A model of sentences with a decoder; subclasses define `call`, which gives `SentenceTerms`.

    `fit` takes a `tf.data.Dataset` of int32 ids `[batch, time]`, `<s> w ... </s>` right padded
    with 0. The optimizer's `global_clipnorm`, `clipnorm` or `clipvalue` clips the gradient of the
    global batch. A step with a loss or a gradient that is not finite changes nothing, is left
    out of the running means, and is counted in `skipped_steps`.

    Args:
        vocabulary_size: number of token ids, specials included.
        embedding_dim: width of the token embeddings.
        units: width of the LSTMs, or of the convolutions.
        dropout: share of embedding and hidden entries that the decoder drops in training.
        decoder_initializer_range: decoder weights start uniform in plus or minus this value.
        seed: of latent noise and dropout. Initial weights follow `keras.utils.set_random_seed`.
        decoder: "lstm", or "cnn" for dilated convolutions.
        dilations: of the convolutions.
        word_dropout: share of the tokens that the decoder reads as `<unk>` in training.
        fraternal: weight of the distance between two passes with different dropout; 0 for one pass.

    Raises:
        InputError: an argument is out of its range.
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int = ModelSettings.embedding_dim,
        units: int = ModelSettings.units,
        dropout: float = ModelSettings.dropout,
        decoder_initializer_range: float = ModelSettings.decoder_initializer_range,
        seed: int = 0,
        decoder: str = ModelSettings.decoder,
        dilations: tuple[int, ...] = ModelSettings.dilations,
        word_dropout: float = ModelSettings.word_dropout,
        fraternal: float = ModelSettings.fraternal,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if int(vocabulary_size) != vocabulary_size or vocabulary_size < 1:
            raise InputError(f"vocabulary_size must be positive, got {vocabulary_size}")
        check(
            ModelSettings,
            embedding_dim=embedding_dim,
            units=units,
            dropout=dropout,
            decoder_initializer_range=decoder_initializer_range,
            decoder=decoder,
            dilations=tuple(dilations),
            word_dropout=word_dropout,
            fraternal=fraternal,
        )
        if fraternal > 0 and dropout == 0:
            raise InputError(
                "fraternal dropout needs dropout: set dropout above 0, or fraternal to 0"
            )
        self.vocabulary_size = vocabulary_size
        self.embedding_dim = embedding_dim
        self.units = units
        self.dropout = dropout
        self.decoder_initializer_range = decoder_initializer_range
        self.seed = seed
        self.decoder_kind = decoder
        self.dilations = tuple(dilations)
        self.word_dropout = word_dropout
        self.fraternal = fraternal
        self.supports_jit = False
        self.loss_tracker = GlobalMean("loss")
        self.reconstruction_tracker = GlobalMean("reconstruction")
        self.kl_tracker = GlobalMean("kl")

    def _make_decoder(self, latent_dim: int, skip: bool = False) -> SentenceDecoder:
        arguments = {
            "vocabulary_size": self.vocabulary_size,
            "embedding_dim": self.embedding_dim,
            "units": self.units,
            "latent_dim": latent_dim,
            "dropout": self.dropout,
            "initializer_range": self.decoder_initializer_range,
            "word_dropout": self.word_dropout,
            "skip": skip,
            "dtype": self.dtype_policy,
            "name": "decoder",
        }
        if self.decoder_kind == "cnn":
            return CNNDecoder(dilations=self.dilations, **arguments)
        return LSTMDecoder(**arguments)

    def _build_step_state(self):
        self.gradient_norm = self._state("gradient_norm", "zeros")
        self.skipped_steps = self._state("skipped_steps", "zeros")

    def _state(self, name, initializer):
        return self.add_weight(
            name=name,
            shape=(),
            initializer=initializer,
            trainable=False,
            dtype="float32",
            autocast=False,
            aggregation="only_first_replica",
        )

    @property
    def metrics(self):
        """Trackers that Keras resets at the start of each epoch and evaluation."""
        return [self.loss_tracker, self.reconstruction_tracker, self.kl_tracker]

    def _step_seed(self, ids, training):
        """Seed of a step, int32 `[2]`: of the optimizer's step, or of the batch's content."""
        if training:
            steps = self.optimizer.iterations if self.compiled else 0
            stream = tf.cast(steps, tf.int32)
        else:
            weights = tf.range(1, tf.shape(ids)[1] + 1)
            stream = -1 - tf.bitwise.bitwise_and(
                tf.cast(global_sum(tf.reduce_sum(ids * weights)), tf.int32), 0x3FFFFFFF
            )
        return tf.stack([tf.constant(self.seed, tf.int32), stream])

    def _reconstruct(self, ids, z, training, seed):
        """-log p(ids | z), and what fraternal dropout adds to the loss, each `[batch]`.

        Fraternal dropout (Zolna et al., 2018; for VAEs Petit and Corro, 2021) runs the decoder
        twice with different dropout: the reconstruction is the mean of both, and the squared
        distance of their states, mean over units and sum over tokens, is penalised.
        """
        dropout_seed = tf.random.experimental.stateless_fold_in(seed, first_global_row(ids) + 1)
        if not training or self.fraternal == 0:
            return -self.decoder(ids, z, training=training, seed=dropout_seed), 0.0
        other_seed = tf.random.experimental.stateless_fold_in(dropout_seed, _FRATERNAL_STREAM)
        first, second = (
            self.decoder.states(ids, z, training, own) for own in (dropout_seed, other_seed)
        )
        reconstruction = -0.5 * (
            self.decoder.log_likelihood(first, z, training, dropout_seed)
            + self.decoder.log_likelihood(second, z, training, other_seed)
        )
        distance = tf.reduce_mean(
            tf.square(tf.cast(first.hidden - second.hidden, tf.float32)), axis=1
        )
        return reconstruction, self.fraternal * tf.math.unsorted_segment_sum(
            distance, first.sentence, tf.shape(ids)[0]
        )

    def fit(self, x=None, *args, validation_data=None, **kwargs):
        """As `keras.Model.fit`; builds the model first, since callbacks set its state.

        Under a `tf.distribute` strategy the batches are global ones, divided as `own_rows` says.
        """
        with self.distribute_strategy.scope():
            if not self.built:
                self.build((None, None))
            if self.compiled and not self.optimizer.built:
                self.optimizer.build(self.trainable_variables)
        batches, validation = self._global_batches(x), self._global_batches(validation_data)
        return super().fit(batches, *args, validation_data=validation, **kwargs)

    def evaluate(self, x=None, *args, **kwargs):
        """As `keras.Model.evaluate`, with batches as for `fit`."""
        return super().evaluate(self._global_batches(x), *args, **kwargs)

    def _global_batches(self, data):
        if self.distribute_strategy.num_replicas_in_sync > 1 and isinstance(data, tf.data.Dataset):
            return GlobalBatches(data)
        return data

    def make_train_function(self, force=False):
        """Makes what `fit` calls for each step, see `step_function`."""
        if self.train_function is None or force:
            self.train_function = step_function(self, self.train_step, self.steps_per_execution)

    def make_test_function(self, force=False):
        """Makes what `evaluate` calls for each step, see `step_function`."""
        if self.test_function is None or force:
            self.test_function = step_function(self, self.test_step, self.steps_per_execution)

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Leaves out what Keras does under a strategy: it takes a batch and throws it away."""

    def train_step(self, data):
        """One update from int32 ids `[batch, time]`; returns the running means of the epoch."""
        ids, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        terms, gradients = self._terms_and_gradients(ids)
        applied = self._apply(terms, gradients, self.trainable_variables)
        return self._track(terms, applied)

    def _terms_and_gradients(self, ids):
        """Terms of this replica's sentences, and the gradients of the global mean loss."""
        if not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)
        with tf.GradientTape() as tape:
            terms = self(ids, training=True)
            loss = tf.reduce_sum(terms.loss) / global_batch_size(ids)
            scaled_loss = self.optimizer.scale_loss(loss)
        return terms, dense_gradients(tape, scaled_loss, self.trainable_variables)

    def _apply(self, terms, gradients, variables, shares=None):
        """Updates the weights unless loss or gradient are not finite; returns whether it did."""
        loss = global_sum(tf.reduce_sum(terms.loss))
        norm, applied = apply_clipped(self.optimizer, gradients, variables, loss, shares)
        self.gradient_norm.assign(tf.where(applied, norm, tf.convert_to_tensor(self.gradient_norm)))
        self.skipped_steps.assign(self.skipped_steps + tf.cast(~applied, tf.float32))
        return applied

    def test_step(self, data):
        """Evaluates a batch of int32 ids `[batch, time]` with KL weight 1."""
        ids, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        return self._track(self(ids, training=False))

    def _track(self, terms, counted=True):
        values = tf.stack([terms.loss, terms.reconstruction, terms.kl, tf.ones_like(terms.loss)])
        sums = global_sum(tf.reduce_sum(values, axis=1))
        *totals, sentences = tf.unstack(tf.where(counted, sums, tf.zeros_like(sums)))
        for metric, total in zip(self.metrics, totals, strict=True):
            metric.update_state(total, sentences)
        return {metric.name: metric.result() for metric in self.metrics}

    def compute_output_shape(self, input_shape):
        """Shapes of the terms."""
        return SentenceTerms((input_shape[0],), (input_shape[0],), (input_shape[0],))

    def get_config(self):
        """Constructor arguments."""
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "embedding_dim": self.embedding_dim,
            "units": self.units,
            "dropout": self.dropout,
            "decoder_initializer_range": self.decoder_initializer_range,
            "seed": self.seed,
            "decoder": self.decoder_kind,
            "dilations": self.dilations,
            "word_dropout": self.word_dropout,
            "fraternal": self.fraternal,
        }
