"""A mixture that is trained with the model."""

import keras
import numpy as np
import tensorflow as tf

from scale_vae_keras.priors.diagonal_mixture import Components, DiagonalMixture
from scale_vae_keras.settings import whole_number

_SPREAD = 0.02


@keras.saving.register_keras_serializable("scale_vae_keras")
class LearnedMixturePrior(DiagonalMixture):
    """A mixture of diagonal Gaussians whose means, scales and weights are trained with the model.

    The loss charges its `rate` at the step's own sample, so that reconstruction + rate is an
    unbiased estimate of a bound on the likelihood of this prior at every step.

    At the start every component is N(m, I) with means m that are drawn from N(0, 0.02^2) and then
    centred: the rate, an exact KL as far as the mixture is one Gaussian, and its gradient differ
    from those of `standard` by under 0.01 nats per sentence for z of length sqrt(latent), up to 64
    dimensions. Equal components would get equal gradients and never part.

    Trainable weights, float32: `means` and `log_stddevs` `[components, latent]`, `logits`
    `[components]`.

    Args:
        components: number of Gaussians. 32 diagonal ones are within 0.5 nats of 8 with full
            covariance matrices on the corpora that `MixturePrior` names.
        seed: seed of the initial means.

    Raises:
        InputError: `components` is below 1.

    Example:
        >>> prior = sv.priors.LearnedMixturePrior(components=3)
        >>> model = sv.TextVAE(9, latent_dim=2, embedding_dim=3, units=4, prior=prior)
        >>> model.generate(4, max_length=1).z.shape
        TensorShape([4, 2])
        >>> [tuple(weight.shape) for weight in prior.trainable_variables]
        [(3, 2), (3, 2), (3,)]
    """

    kind = "learned-mixture"
    learned = True

    def __init__(self, components: int = 32, seed: int = 0, **kwargs):
        super().__init__(**kwargs)
        self.components = whole_number("components", components, 1)
        self.seed = seed

    def build(self, input_shape):
        """Creates the weights for codes `[..., latent]`."""
        super().build(input_shape)
        shape = (self.components, self.latent_dim)
        self.means = self._trained("means", shape, self._first_means)
        self.log_stddevs = self._trained("log_stddevs", shape, "zeros")
        self.logits = self._trained("logits", (self.components,), "zeros")

    def _trained(self, name, shape, initializer):
        return self.add_weight(
            name=name, shape=shape, initializer=initializer, dtype="float32", autocast=False
        )

    def _first_means(self, shape, dtype):
        means = np.random.default_rng(self.seed).normal(0, _SPREAD, shape)
        return tf.cast(means - means.mean(axis=0), dtype)

    def mixture(self):
        """The Gaussians."""
        means, log_stddevs, logits = (
            tf.cast(part, tf.float64) for part in (self.means, self.log_stddevs, self.logits)
        )
        return Components(tf.nn.log_softmax(logits), means, 2 * log_stddevs)

    def get_config(self):
        """Returns the constructor's arguments."""
        return {**super().get_config(), "components": self.components, "seed": self.seed}
