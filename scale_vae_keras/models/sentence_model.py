"""What the text VAEs and the language model share: the decoder and the training step."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from scale_vae_keras.conditions.conditional import Conditional
from scale_vae_keras.conditions.labelled_batches import checked_labels
from scale_vae_keras.data.input_checks import batch_errors, checked_batches
from scale_vae_keras.errors import InputError
from scale_vae_keras.fitting.fit_arguments import evaluate_arguments, fit_arguments
from scale_vae_keras.fitting.keras_doors import KerasDoors
from scale_vae_keras.layers.replica import global_batch_size, global_sum, host_value
from scale_vae_keras.layers.sentence_decoder import SentenceDecoder
from scale_vae_keras.layers.step_function import scheduled_function, step_function
from scale_vae_keras.models.settings import ModelSettings
from scale_vae_keras.parts.by_name import config_of, make_decoder, take_decoder
from scale_vae_keras.schedules.followed_schedules import FollowedSchedules
from scale_vae_keras.schedules.needed_callbacks import warn_of_missing
from scale_vae_keras.settings import LARGEST_INT32, check, whole_number
from scale_vae_keras.training.global_batches import GlobalBatches
from scale_vae_keras.training.global_mean import GlobalMean
from scale_vae_keras.training.gradients import apply_clipped, dense_gradients
from scale_vae_keras.training.reconstruction import reconstruct
from scale_vae_keras.training.sample_weight import (
    added_losses,
    has_weight,
    refuse_losses,
    weighted,
)
from scale_vae_keras.training.sentence_terms import SentenceTerms, TrainingStep
from scale_vae_keras.training.training_counters import TrainingCounters


class SentenceModel(TrainingCounters, KerasDoors, Conditional, keras.Model):
    """A model of sentences with a decoder; subclasses define `call`, which gives `SentenceTerms`.

    `fit` takes a `tf.data.Dataset` of int32 ids `[batch, time]`, `<s> w ... </s>` right padded
    with 0, or of `(ids, None, sample_weight)`; with a condition of `(ids, labels)` or
    `(ids, labels, sample_weight)`, the labels as numbers int32 `[batch]`. The optimizer's
    `global_clipnorm`, `clipnorm` or `clipvalue` clips the gradient of the global batch. A step with
    a loss or a gradient that is not finite changes no trained weight, is left out of the running
    means, which are NaN before the first step that counts, and is counted in `skipped_steps`; where
    too many steps of an epoch are skipped, `fit` warns and stops. Weights count what the model has
    been trained for: `training_calls` (fresh noise and dropout at each call with `training=True`,
    also in a custom loop), `epochs_trained` and `epoch_step` (where the schedules are).

    Args:
        vocabulary_size: number of token ids, specials included.
        embedding_dim: width of the token embeddings.
        units: width of the LSTMs, of the convolutions, or of the Transformer's blocks.
        dropout: share of embedding and hidden entries that the decoder drops in training.
        decoder_initializer_range: decoder weights start uniform in plus or minus this value.
        seed: seed of latent noise and dropout. Initial weights follow
            `keras.utils.set_random_seed`.
        decoder: "lstm", "cnn" for dilated convolutions, "transformer", or a `SentenceDecoder` for
            this vocabulary and width of z, which has its own sizes and dropout.
        dilations: dilation of each convolution, for "cnn".
        word_dropout: share of the tokens that the decoder reads as `<unk>` in training.
        fraternal: weight of the distance between two passes with different dropout; 0 for one pass.
        embedding_noise: standard deviation of the noise on the decoder's input embeddings in
            training.
        depth: number of blocks of a Transformer, in the encoder and in the decoder.
        heads: number of its attention heads, whose width `units / heads` must be even.
        feed_forward: inner width of its feed-forward layers; `4 * units` by default.
        layer_dropout: share of the output of each half of a decoder block dropped in training.
        positions: "rotary", or "learned" for a table of places.
        max_positions: size of that table.
        condition: "none", or "label" for a decoder that reads a label at every step, behind z: the
            model is then one of p(text | label).
        labels: the names of the labels, for "label"; the number of a label is its place.

    Raises:
        InputError: an argument is out of its range.

    Example:
        >>> model = sv.TextVAE(9, latent_dim=2, embedding_dim=3, units=4, decoder="cnn")
        >>> model.compile("adam")
        >>> model.train_on_batch([[1, 5, 2]], return_dict=True).keys()
        dict_keys(['loss', 'reconstruction', 'kl'])
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int = ModelSettings.embedding_dim,
        units: int = ModelSettings.units,
        dropout: float = ModelSettings.dropout,
        decoder_initializer_range: float = ModelSettings.decoder_initializer_range,
        seed: int = 0,
        decoder: str | SentenceDecoder = ModelSettings.decoder,
        dilations: tuple[int, ...] = ModelSettings.dilations,
        word_dropout: float = ModelSettings.word_dropout,
        fraternal: float = ModelSettings.fraternal,
        embedding_noise: float = ModelSettings.embedding_noise,
        depth: int = ModelSettings.depth,
        heads: int = ModelSettings.heads,
        feed_forward: int | None = ModelSettings.feed_forward,
        layer_dropout: float = ModelSettings.layer_dropout,
        positions: str = ModelSettings.positions,
        max_positions: int = ModelSettings.max_positions,
        condition: str = ModelSettings.condition,
        labels: Sequence[str] = (),
        **kwargs,
    ):
        super().__init__(**kwargs)
        if self.compute_dtype == "float64":
            raise InputError("models compute in float32, bfloat16 or float16, not in float64")
        self._warned = False
        settings = {
            "embedding_dim": embedding_dim,
            "units": units,
            "dropout": dropout,
            "decoder_initializer_range": decoder_initializer_range,
            "dilations": tuple(dilations),
            "word_dropout": word_dropout,
            "fraternal": fraternal,
            "embedding_noise": embedding_noise,
            "depth": depth,
            "heads": heads,
            "feed_forward": feed_forward,
            "layer_dropout": layer_dropout,
            "positions": positions,
            "max_positions": max_positions,
        }
        checked = check(ModelSettings, **settings, condition=condition)
        self._make_condition(condition, labels)
        self.vocabulary_size = whole_number("vocabulary_size", vocabulary_size, 1, LARGEST_INT32)
        self.seed = whole_number("seed", seed, -(2**31), LARGEST_INT32)
        self._settings = tuple(settings)
        for name in settings:
            setattr(self, name, checked[name])
        take_decoder(self, decoder, ModelSettings)
        if fraternal > 0 and self.dropout == 0:
            raise InputError(
                "fraternal dropout needs dropout: set dropout above 0, or fraternal to 0"
            )
        self.supports_jit = False
        self.followed = FollowedSchedules()
        self.validates = False
        self.loss_tracker = GlobalMean("loss")
        self.reconstruction_tracker = GlobalMean("reconstruction")
        self.kl_tracker = GlobalMean("kl")

    def _make_decoder(self, latent_dim: int, skip: bool = False) -> SentenceDecoder:
        return make_decoder(self, latent_dim + self.label_width, skip)

    @property
    def decoder_variables(self) -> list[keras.Variable]:
        """The trainable weights of p(x | z): of the decoder, and the vectors of labels."""
        of_labels = self.label_embedding.trainable_variables if self.labels else []
        return [*self.decoder.trainable_variables, *of_labels]

    def _build_decoder(self, ids_shape):
        if self.labels and not self.label_embedding.built:
            self.label_embedding.build()
        if not self.decoder.built:
            self.decoder.build(ids_shape, (ids_shape[0], self.decoder.latent_dim))

    @property
    def metrics(self):
        """Trackers that Keras resets at the start of each epoch and evaluation."""
        return [self.loss_tracker, self.reconstruction_tracker, self.kl_tracker]

    def _step_seed(self, ids, training):
        """Seed of a step, int32 `[2]`: of the training call, or of the batch's content."""
        if training:
            stream = tf.cast(self.training_calls, tf.int32)
        else:
            weights = tf.range(1, tf.shape(ids)[1] + 1)
            stream = -1 - tf.bitwise.bitwise_and(
                tf.cast(global_sum(tf.reduce_sum(ids * weights)), tf.int32), 0x3FFFFFFF
            )
        return tf.stack([tf.constant(self.seed, tf.int32), stream])

    def _reconstruct(self, ids, code, training, seed):
        """-log p(ids | code), and what fraternal dropout adds to the loss, each `[batch]`."""
        return reconstruct(self.decoder, ids, code, training, seed, self.fraternal)

    def compile(self, optimizer="rmsprop", loss=None, loss_weights=None, metrics=None, **kwargs):
        """As `keras.Model.compile`, without losses and metrics: the model has its own.

        Raises:
            InputError: a loss or a metric is given.
        """
        refuse_losses(
            loss=loss,
            loss_weights=loss_weights,
            metrics=metrics,
            weighted_metrics=kwargs.get("weighted_metrics"),
        )
        super().compile(optimizer, **kwargs)

    def compile_from_config(self, config):
        """Compiles a loaded model as it was; Keras does so for its own `compile` alone."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.built:
            self.optimizer.build(self.trainable_variables)

    @property
    def needed_callbacks(self) -> dict[str, str]:
        """What happens without a callback that the system needs, by the name of its class."""
        return {}

    @property
    def own_callbacks(self) -> list[keras.callbacks.Callback]:
        """New callbacks that every `fit` of the system has, before those that it is given."""
        return []

    def fit(self, *args, **kwargs):
        """As `keras.Model.fit`; builds the model first, since callbacks set its state.

        Epochs are counted in `epochs_trained`: a second `fit` continues the schedules.
        The first `fit` without one of `needed_callbacks` is warned of.
        Under a `tf.distribute` strategy the batches are global ones, divided as `own_rows` says.

        Raises:
            InputError: there are targets or class weights, or an invalid batch; for what is
                checked when see `data/input_checks.py`.
        """
        arguments = fit_arguments(self, *args, **kwargs)
        if not self._warned:
            self._warned = warn_of_missing(self.needed_callbacks, arguments.get("callbacks"))
        self.ensure_built()
        for name in ("x", "validation_data"):
            arguments[name] = self._global_batches(arguments.get(name))
        self.validates = arguments["validation_data"] is not None
        trained = int(host_value(self.epochs_trained))
        self.epochs_trained.assign(max(trained, arguments.get("initial_epoch", 0)))
        try:
            with batch_errors():
                return super().fit(**arguments)
        finally:
            self.followed.clear()

    def evaluate(self, *args, **kwargs):
        """As `keras.Model.evaluate`, with batches as for `fit`."""
        arguments = evaluate_arguments(self, *args, **kwargs)
        arguments["x"] = self._global_batches(arguments.get("x"))
        self.ensure_built()
        with batch_errors():
            return super().evaluate(**arguments)

    def _global_batches(self, data):
        data = checked_batches(data, self.vocabulary_size)
        if self.labels:
            data = checked_labels(data, len(self.labels), self.classifier is not None)
        if self.distribute_strategy.num_replicas_in_sync > 1 and isinstance(data, tf.data.Dataset):
            return GlobalBatches(data)
        return data

    def make_train_function(self, force=False):
        """Makes what `fit` calls for each step, see `scheduled_function`."""
        self._find_training_calls()
        if self.train_function is None or force:
            self.train_function = scheduled_function(
                self, self._scheduled_step, self.steps_per_execution
            )

    def _scheduled_step(self, data):
        self.followed.apply(self)
        logs = self.train_step(data)
        self.epoch_step.assign_add(1)
        return logs

    def make_test_function(self, force=False):
        """Makes what `evaluate` calls for each step, see `step_function`."""
        if self.test_function is None or force:
            self.test_function = step_function(self, self.test_step, self.steps_per_execution)

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Leaves out what Keras does under a strategy: it takes a batch and throws it away."""

    def train_step(self, data):
        """One update from int32 ids `[batch, time]`; returns the running means of the epoch."""
        step = self._step(*self._parts_of(data))
        return self._track(step, self._apply(step, self.trainable_variables))

    def _step(self, ids, weights=None, label=None):
        """Terms of this replica's sentences, and the gradients of the global mean loss.

        With weights the loss is their weighted sum over the number of sentences, as Keras' is.
        """
        if not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)
        with tf.GradientTape() as tape:
            terms = self._terms(ids, label, training=True)
            loss = tf.reduce_sum(weighted(terms.loss, weights)) / global_batch_size(ids)
            added = added_losses(self)
            if added is not None:
                loss += added / self.distribute_strategy.num_replicas_in_sync
            scaled_loss = self.optimizer.scale_loss(loss)
        gradients = dense_gradients(tape, scaled_loss, self.trainable_variables)
        return TrainingStep(terms, weights, added, gradients)

    def _terms(self, ids, label, training):
        # A custom model may have a call without labels.
        given = {} if label is None else {"label": label}
        return self(ids, training=training, **given)

    def _apply(self, step, variables, shares=None):
        """Updates the weights, and returns whether it did.

        Nothing is applied, and the step is counted as skipped, where loss or gradient are not
        finite; nothing is applied either where all sentences have the weight 0.
        """
        loss = global_sum(tf.reduce_sum(weighted(step.terms.loss, step.weights)))
        if step.added is not None:
            loss += step.added
        due = has_weight(step.weights)
        norm, applied = apply_clipped(self.optimizer, step.gradients, variables, loss, shares, due)
        self.gradient_norm.assign(tf.where(applied, norm, tf.convert_to_tensor(self.gradient_norm)))
        skipped = tf.cast(~tf.math.is_finite(norm), tf.float32)
        self.skipped_steps.assign(self.skipped_steps + skipped)
        return applied

    def test_step(self, data):
        """Evaluates a batch of int32 ids `[batch, time]` with KL weight 1."""
        ids, weights, label = self._parts_of(data)
        terms = self._terms(ids, label, training=False)
        return self._track(TrainingStep(terms, weights, added_losses(self)))

    def _track(self, step, counted=True):
        terms = step.terms
        values = tf.stack([terms.loss, terms.reconstruction, terms.kl, tf.ones_like(terms.loss)])
        sums = global_sum(tf.reduce_sum(weighted(values, step.weights), axis=1))
        if step.added is not None:
            sums += step.added * sums[-1] * [1.0, 0.0, 0.0, 0.0]
        *totals, sentences = tf.unstack(tf.where(counted, sums, tf.zeros_like(sums)))
        for metric, total in zip(self.metrics, totals, strict=True):
            metric.update_state(total, sentences)
        return {metric.name: metric.result() for metric in self.metrics}

    def compute_output_shape(self, input_shape):
        """Shapes of the terms."""
        return SentenceTerms((input_shape[0],), (input_shape[0],), (input_shape[0],))

    def get_config(self):
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "seed": self.seed,
            "decoder": config_of(self.decoder_kind),
            **{name: getattr(self, name) for name in self._settings},
            "condition": self.condition,
            "labels": list(self.labels),
        }
