"""The decoder without a latent code."""

import keras
import tensorflow as tf

from scale_vae_keras.conditions.conditional import Labels
from scale_vae_keras.data.input_checks import as_ids
from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.posterior import Posterior
from scale_vae_keras.models.sentence_model import SentenceModel
from scale_vae_keras.models.settings import ModelSettings
from scale_vae_keras.models.system import System
from scale_vae_keras.models.text_generator import TextGenerator
from scale_vae_keras.priors import StandardPrior
from scale_vae_keras.training.sentence_terms import SentenceTerms


@keras.saving.register_keras_serializable("scale_vae_keras")
class LanguageModel(TextGenerator, SentenceModel):
    """The decoder of the text VAEs without z: what a VAE has to beat.

    Its loss is the exact negative log-likelihood of a sentence. Everything about z is empty:
    `latent_dim` is 0, the KL is 0, and there is no `encode`. Arguments as for `SentenceModel`.

    Example:
        >>> model = sv.LanguageModel(9, embedding_dim=3, units=4)
        >>> model.log_likelihood([[1, 5, 2], [1, 2, 0]]).shape
        TensorShape([2])
        >>> model.latent_dim
        0
    """

    latent_dim = 0

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.decoder = self._make_decoder(self.latent_dim)
        self.prior = StandardPrior()

    def build(self, input_shape):
        """Creates all weights for ids `[batch, time]`."""
        self._build_decoder(input_shape)
        self.prior.build_for(self.latent_dim)
        self._build_step_state()
        self.built = True

    def call(
        self, ids: tf.Tensor, training: bool = False, label: tf.Tensor | None = None
    ) -> SentenceTerms:
        """Terms of the loss of each sentence; the KL is zero.

        Args:
            ids: int32 `[batch, time]`, `<s> w ... </s>`, right padded.
            training: whether this is a training batch, with dropout.
            label: labels, for a model with a condition, int32 `[batch]`.
        """
        seed = self._step_seed(ids, training)
        code = self.with_label(self._no_code(ids), label)
        reconstruction, distance = self._reconstruct(ids, code, training, seed)
        if training:
            self.training_calls.assign_add(1)
        return SentenceTerms(
            reconstruction, tf.zeros_like(reconstruction), reconstruction + distance
        )

    def _no_code(self, ids):
        return tf.zeros([tf.shape(ids)[0], self.latent_dim])

    def log_likelihood(self, ids: tf.Tensor, label: Labels | None = None) -> tf.Tensor:
        """Exact log p(ids), or log p(ids | label), in nats, including `</s>`, float32 `[batch]`.

        Args:
            ids: int32 `[batch, time]`, `<s> w ... </s>`, right padded.
            label: labels, for a model with a condition, by name or number.
        """
        ids = as_ids(ids, self.vocabulary_size)
        self.ensure_built()
        label = self.numbers_of(label, ids.shape[0])
        return self.decoder(ids, self.with_label(self._no_code(ids), label))

    def decoder_input(self, prior_sample: tf.Tensor) -> tf.Tensor:
        """The sample itself, which has no entries."""
        return prior_sample

    def encode(self, ids: tf.Tensor, label: Labels | None = None) -> Posterior:
        """A language model has no posterior.

        Raises:
            InputError: always.
        """
        raise InputError("a language model has no latent code: use a text VAE, such as scale")


SYSTEM = System(
    "lm",
    LanguageModel,
    ModelSettings,
    "language model: the decoder without z",
    "Bowman et al. (2016)",
    lambda *_: [],
)
