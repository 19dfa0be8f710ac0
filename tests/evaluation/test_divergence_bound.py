"""The bound of the mutual posterior divergence divides by the largest variance of all."""

import numpy as np
import pytest

from scale_vae_keras.evaluation.information import (
    mutual_posterior_divergence,
    mutual_posterior_divergence_bound,
)

MEAN = np.array([[0.0, 1.0], [2.0, 1.0], [4.0, 4.0]])
VARIANCE = np.array([[0.5, 0.25], [1.0, 2.0], [0.125, 4.0]])


def test_by_hand():
    """Variances of the means are 8/3 and 2; the largest posterior variance is 4."""
    bound = mutual_posterior_divergence_bound(MEAN, np.log(VARIANCE))
    assert bound == pytest.approx((8 / 3 + 2) / 4)


def test_it_is_a_bound_where_variances_differ():
    random = np.random.default_rng(0)
    for spread in (0.5, 1.0, 2.0, 4.0):
        mean = random.normal(size=(50, 3))
        log_var = random.uniform(-spread, spread, size=(50, 3))
        divergence = mutual_posterior_divergence(mean, log_var).sum()
        assert mutual_posterior_divergence_bound(mean, log_var) <= divergence
