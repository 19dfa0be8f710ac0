"""The standard normal prior."""

import keras

from scale_vae_keras.priors.diagonal_gaussian import DiagonalGaussian


@keras.saving.register_keras_serializable("scale_vae_keras")
class StandardPrior(DiagonalGaussian):
    """N(0, I), the prior of the plain VAE."""

    kind = "standard"
