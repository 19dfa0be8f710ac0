"""Aggressive training of the encoder."""

import keras
import tensorflow as tf

from scale_vae_keras.callbacks.aggressive_training import AggressiveTraining, refuse_memory
from scale_vae_keras.data.batches import evaluation_batches
from scale_vae_keras.data.input_checks import as_ids
from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.replica import global_sum
from scale_vae_keras.layers.state import add_state
from scale_vae_keras.models.settings import LatentSettings
from scale_vae_keras.models.system import System, linear_annealing
from scale_vae_keras.models.text_vae import TextVAE
from scale_vae_keras.text.vocabulary import PAD_ID
from scale_vae_keras.training.sample_weight import sentence_weights, weighted


@keras.saving.register_keras_serializable("scale_vae_keras")
class AggressiveVAE(TextVAE):
    """Text VAE whose encoder is brought up to date before every step of the decoder.

    He et al. (2019), "Lagging Inference Networks and Posterior Collapse in Variational
    Autoencoders". While `aggressive` is 1 a training step leaves the encoder alone, and the
    callback `AggressiveTraining` runs `encoder_step` on other batches before it; when `aggressive`
    is 0 this is a `TextVAE`. Steps of the encoder alone need SGD without momentum, as published.
    Arguments as for `TextVAE`.

    Example:
        >>> model = sv.AggressiveVAE(9, latent_dim=2, embedding_dim=3, units=4)
        >>> model.compile("sgd")
        >>> loss, tokens = model.encoder_step([[1, 5, 2]])
        >>> int(tokens)  # the target tokens: 5 and the end symbol
        2
    """

    @property
    def needed_callbacks(self) -> dict[str, str]:
        """`AggressiveTraining`."""
        return {"AggressiveTraining": "the encoder has no steps of its own, and this is a TextVAE"}

    def build(self, input_shape):
        """Creates all weights for ids `[batch, time]`."""
        self.aggressive = add_state(self, "aggressive")
        super().build(input_shape)

    def train_step(self, data):
        """One update from int32 ids `[batch, time]`, of only the decoder while aggressive."""
        step = self._step(*self._parts_of(data))
        return self._track(step, self._update(step, 1.0 - self.aggressive, decoder_share=1.0))

    def encoder_step(
        self, ids: tf.Tensor, label: tf.Tensor | None = None, weights: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """One update of the encoder alone.

        Args:
            ids: `[batch, time]`, see `as_ids`; this replica's share of the batch.
            label: labels, for a model with a condition, int32 `[batch]`.
            weights: one for each sentence, `[batch]`, or None.

        Returns:
            The loss summed over the global batch, in nats, and the number of its target tokens,
            each sentence with its weight, float32 scalars.

        Raises:
            InputError: the model is not compiled, or with another optimizer than SGD without
                momentum; or it is not a batch of sentences.
        """
        ids = as_ids(ids, self.vocabulary_size)
        self._check_compiled()
        if not self.built:
            self.ensure_built()
        step = self._step(ids, sentence_weights(weights, ids), label)
        refuse_memory(self.optimizer)
        self._update(step, encoder_share=1.0, decoder_share=0.0)
        tokens = tf.math.count_nonzero(ids[:, 1:] != PAD_ID, axis=1, dtype=tf.float32)
        sums = (weighted(each, step.weights) for each in (step.terms.loss, tokens))
        return tuple(global_sum(tf.reduce_sum(each)) for each in sums)

    def _update(self, step, encoder_share, decoder_share):
        generative = (*self.decoder_variables, *self.prior.trainable_variables)
        of_decoder = {id(variable) for variable in generative}
        variables = self.trainable_variables
        shares = [
            decoder_share if id(variable) in of_decoder else encoder_share for variable in variables
        ]
        return self._apply(step, variables, shares)


def _callbacks(config, train, valid):
    if config.optimizer != "sgd":
        raise InputError(
            "the method agg trains encoder and decoder by turns, which needs an optimizer without "
            "memory: leave optimizer at sgd"
        )
    data, validation = (evaluation_batches(split, config.batch_size)[0] for split in (train, valid))
    return [AggressiveTraining(data, validation, config.seed), *linear_annealing(config)]


SYSTEM = System(
    "agg",
    AggressiveVAE,
    LatentSettings,
    "the encoder is trained alone before each step, until its information falls",
    "He et al. (2019)",
    _callbacks,
)
