"""The standard normal prior."""

import keras

from scale_vae_keras.priors.diagonal_gaussian import DiagonalGaussian


@keras.saving.register_keras_serializable("scale_vae_keras")
class StandardPrior(DiagonalGaussian):
    """N(0, I), the prior of the plain VAE.

    Example:
        >>> prior = sv.priors.StandardPrior()
        >>> prior.build_for(2)
        >>> prior.log_density(tf.zeros([1, 2])).numpy().round(4)  # -log(2 pi)
        array([-1.8379])
    """

    kind = "standard"
