"""Posteriors that start from the encoder and are refined per sentence."""

from dataclasses import dataclass

import keras
import tensorflow as tf

from scale_vae_keras.errors import InputError
from scale_vae_keras.layers.dropout_seed import dropout_seed
from scale_vae_keras.layers.portable_graphs import portable_graph
from scale_vae_keras.layers.posterior import Posterior, standard_kl
from scale_vae_keras.layers.refinement import Refinement, refine
from scale_vae_keras.models.settings import LatentSettings
from scale_vae_keras.models.system import System
from scale_vae_keras.models.text_vae import TextVAE
from scale_vae_keras.priors import VampPrior
from scale_vae_keras.samplers.row_random import row_normals
from scale_vae_keras.settings import check, setting

_REFINEMENT_STREAM = -3


@dataclass(frozen=True)
class SemiAmortizedSettings(LatentSettings):
    """Settings of `SemiAmortizedVAE`."""

    refinement_steps: int = setting(20, "number of refinement steps per posterior", least=0)
    refinement_rate: float = setting(
        1 / 32, "learning rate of the mean and the log variance, on a sentence's loss", above=0
    )
    refinement_momentum: float = setting(
        0.5, "momentum of the descent: share of the last update that is kept", least=0, below=1
    )
    refinement_clip_norm: float = setting(
        28.3,
        "maximum norm of a sentence's gradient, separately for the mean and the log variance",
        above=0,
    )


@keras.saving.register_keras_serializable("scale_vae_keras")
class SemiAmortizedVAE(TextVAE):
    """SA-VAE: the encoder's posterior is refined by gradient descent on the sentence's own bound.

    Kim et al. (2018), "Semi-Amortized Variational Autoencoders". Each step descends on
    reconstruction + `kl_weight` * KL (weight 1 outside training) at a new sample of z; training
    backpropagates through all steps, exactly. The refined posterior is what `posterior` and
    `encode` return, at inference as well; there a sentence's refinement depends on nothing but the
    sentence. With a learned prior each step descends on the rate to it.

    Args:
        *args: as for `TextVAE`.
        refinement_steps: number of steps.
        refinement_rate: learning rate of the mean and the log variance. The published rate of 1 is
            on the mean over a batch of 32 sentences, which is 1/32 on each sentence's own bound.
        refinement_momentum: share of the last update that is kept.
        refinement_clip_norm: limit of the norm of a sentence's gradient, of mean and of log
            variance each. The published limit of 5 is on the gradient of the mean over 32
            sentences, whose norm is that of a sentence's own (its root mean square) over the square
            root of 32.
        **kwargs: as for `TextVAE`.

    Raises:
        InputError: an argument is out of its range.

    Example:
        >>> model = sv.SemiAmortizedVAE(
        ...     9, latent_dim=2, embedding_dim=3, units=4, refinement_steps=3
        ... )
        >>> model.encode([[1, 5, 2]]).mean.shape
        TensorShape([1, 2])
    """

    def __init__(
        self,
        *args,
        refinement_steps: int = SemiAmortizedSettings.refinement_steps,
        refinement_rate: float = SemiAmortizedSettings.refinement_rate,
        refinement_momentum: float = SemiAmortizedSettings.refinement_momentum,
        refinement_clip_norm: float = SemiAmortizedSettings.refinement_clip_norm,
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        check(
            SemiAmortizedSettings,
            refinement_steps=refinement_steps,
            refinement_rate=refinement_rate,
            refinement_momentum=refinement_momentum,
            refinement_clip_norm=refinement_clip_norm,
        )
        if isinstance(self.prior, VampPrior):
            raise InputError(
                'the prior "vamp" does not go with SA-VAE, whose posteriors need sentences: choose '
                '"learned-mixture"'
            )
        self.refinement = Refinement(
            refinement_steps, refinement_rate, refinement_momentum, refinement_clip_norm
        )

    @property
    def encoder_reads_label(self) -> bool:
        """With a condition: the decoder, which reads the label, refines the posterior."""
        return bool(self.labels)

    def posterior(
        self, ids: tf.Tensor, training: bool = False, label: tf.Tensor | None = None
    ) -> Posterior:
        """The refined posterior of int32 ids `[batch, time]` and numbers of labels `[batch]`."""
        amortized = super().posterior(ids, training, label)
        weights = [*self.decoder_variables, *self.prior.trainable_variables]
        return refine(
            self._objective(ids, label, weights, training),
            amortized,
            [tf.convert_to_tensor(weight) for weight in weights],
            self.refinement,
        )

    def _objective(self, ids, label, weights, training):
        noise = self._training_noise(ids) if training else self._content_noise(ids)
        weight = tf.convert_to_tensor(self.kl_weight) if training else 1.0

        def objective(step, posterior, values):
            own_noise, dropout_seed = noise(step)
            # cuDNN has no gradients of gradients
            with portable_graph(), keras.StatelessScope(list(zip(weights, values, strict=True))):
                z = posterior.sample(own_noise)
                code = self.with_label(z, label)
                log_likelihood = self.decoder(ids, code, training=training, seed=dropout_seed)
                if self.prior.learned:
                    rate = tf.cast(self.prior.rate(*posterior, z), tf.float32)
                else:
                    rate = tf.reduce_sum(standard_kl(posterior), axis=1)
            return weight * rate - log_likelihood

        return objective

    def _training_noise(self, ids):
        """Noise by step and place in the global batch, and the seed of the dropout masks."""
        base = tf.random.experimental.stateless_fold_in(
            self._step_seed(ids, training=True), _REFINEMENT_STREAM
        )
        place = dropout_seed(base, ids)
        first = place.rows
        rows = first + tf.shape(ids)[0]

        def noise(step):
            seed = tf.random.experimental.stateless_fold_in(base, step)
            normal = tf.random.stateless_normal([rows, self.latent_dim], seed)[first:]
            return normal, place._replace(seed=seed).folded(1)

        return noise

    def _content_noise(self, ids):
        """Noise that depends on the step and the sentence's own tokens."""
        weights = tf.range(1, tf.shape(ids)[1] + 1)
        content = tf.cast(tf.reduce_sum(ids * weights, axis=1), tf.int64)
        normals = row_normals(content, self.refinement.steps * self.latent_dim)
        shape = [tf.shape(ids)[0], self.refinement.steps, self.latent_dim]
        normals = tf.reshape(normals, shape)
        return lambda step: (normals[:, step], None)

    def get_config(self):
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "refinement_steps": self.refinement.steps,
            "refinement_rate": self.refinement.learning_rate,
            "refinement_momentum": self.refinement.momentum,
            "refinement_clip_norm": self.refinement.clip_norm,
        }


SYSTEM = System(
    "sa",
    SemiAmortizedVAE,
    SemiAmortizedSettings,
    "the encoder's posterior is refined for each sentence; training backpropagates through it",
    "Kim et al. (2018)",
)
