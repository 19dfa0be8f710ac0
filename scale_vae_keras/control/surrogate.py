"""A Gaussian process that stands for a property of texts on their codes."""

import warnings

import numpy as np

from scale_vae_keras.errors import needs


def check_installed() -> None:
    """Refuses to go on without scikit-learn.

    Raises:
        InputError: it is not installed.
    """
    with needs("a search needs scikit-learn", "control"):
        import sklearn.gaussian_process  # noqa: F401


class Surrogate:
    """A Gaussian process with a linear and a smooth part, and noise.

    The linear part finds properties that add up over the dimensions from few values; the smooth one
    bends it. All scales and the noise are those of the largest marginal likelihood.
    """

    def __init__(self, process, noise: float):
        self._process = process
        self._noise = noise

    @classmethod
    def fitted(cls, codes: np.ndarray, values: np.ndarray) -> "Surrogate":
        """Fits a process.

        Args:
            codes: scaled to a standard deviation of about one, `[texts, latent]`.
            values: `[texts]`.
        """
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import (
            RBF,
            ConstantKernel,
            DotProduct,
            WhiteKernel,
        )

        width = codes.shape[1]
        linear = ConstantKernel(1 / width, (1e-5, 1e2)) * DotProduct(0.0, "fixed")
        smooth = ConstantKernel(0.5, (1e-3, 1e2)) * RBF(np.sqrt(width), (0.1, 1e2))
        process = GaussianProcessRegressor(
            linear + smooth + WhiteKernel(0.1, (1e-4, 1e1)), normalize_y=True
        )
        with warnings.catch_warnings():
            # A scale at its bound is a scale like any other.
            warnings.simplefilter("ignore", ConvergenceWarning)
            process.fit(codes, values)
        spread = float(np.std(values)) or 1.0
        return cls(process, process.kernel_.k2.noise_level * spread**2)

    def predict(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of the property, its noise left out, `[codes]` each.

        Args:
            codes: scaled as those that it was fitted to, `[codes, latent]`.
        """
        mean, deviation = self._process.predict(codes, return_std=True)
        return mean, np.sqrt(np.maximum(np.square(deviation) - self._noise, 0))
