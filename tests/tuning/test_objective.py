"""The default objective must not be fooled by the free channel."""

import keras_tuner
import numpy as np
import pytest
from made_priors import diagonal_prior

from scale_vae_keras.errors import InputError
from scale_vae_keras.tuning.objective import search_objective

COIN = np.log(2)


def binary_model(des_std, spread):
    """Figures of the best decoder of a fair coin x = -1, 1 from q(z|x) = N(des_std x, 1).

    The encoder's own mean is `spread` x, so that f = des_std / spread.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    z = des_std + nodes
    reconstruction = np.sum(weights * np.log1p(np.exp(-2 * des_std * z))) / weights.sum()
    means, log_var = np.array([[-1.0], [1.0]]), np.zeros([2, 1])
    standard, scaled = (diagonal_prior([0.0], [f]) for f in (1.0, des_std / spread))
    return {
        "objective_nll": reconstruction + np.mean(standard.kl(spread * means, log_var)),
        "elbo_nll": reconstruction + np.mean(scaled.kl(des_std * means, log_var)),
        "mi": COIN - reconstruction,
    }


@pytest.fixture(scope="module")
def trials():
    """Models that differ in `des_std` alone, all with a posterior that has all but collapsed."""
    return {des_std: binary_model(des_std, spread=0.001) for des_std in (0.3, 0.7, 1.1, 1.5)}


def ranking(trials, name):
    objective = search_objective(name)
    return sorted(
        trials,
        key=lambda des_std: objective.value(trials[des_std]),
        reverse=objective.direction == "max",
    )


def test_the_papers_objective_prefers_a_larger_des_std(trials):
    assert ranking(trials, "objective_nll") == [1.5, 1.1, 0.7, 0.3]


def test_the_papers_objective_is_below_the_entropy(trials):
    assert all(figures["objective_nll"] < COIN for figures in trials.values())


def test_the_proper_one_does_not(trials):
    assert ranking(trials, "elbo_nll") == [0.3, 0.7, 1.1, 1.5]
    assert all(figures["elbo_nll"] > COIN for figures in trials.values())


def test_known_values():
    figures = binary_model(1.1, 0.001)
    assert figures["objective_nll"] == pytest.approx(0.312, abs=1e-3)
    assert figures["elbo_nll"] == pytest.approx(6.8, abs=0.05)


def test_the_difference_is_the_free_channel():
    figures, f = binary_model(1.1, 0.3), 1.1 / 0.3
    difference = figures["elbo_nll"] - figures["objective_nll"]
    assert difference == pytest.approx(np.log(f) - 0.5 * (1 - f**-2))


def test_information_for_its_own_sake_is_not_rewarded(trials):
    assert ranking(trials, "elbo_nll-1*mi") == [0.3, 0.7, 1.1, 1.5]
    assert ranking(trials, "mi") == [1.5, 1.1, 0.7, 0.3]


def test_the_combination():
    objective = search_objective("elbo_nll - .5 * mi")
    assert (objective.name, objective.direction) == ("elbo_nll-0.5*mi", "min")
    assert objective.value({"elbo_nll": 40.0, "mi": 6.0}) == 37.0
    assert search_objective(objective.name) == objective


def test_a_tuner_of_keras_tuner_ranks_in_the_same_direction():
    objective = search_objective("mi")
    assert keras_tuner.Objective(objective.name, objective.direction).better_than(2.0, 1.0)


@pytest.mark.parametrize("name", ["loss", "elbo_nll-2*mi", "elbo_nll-0*mi", "mi-elbo_nll", ""])
def test_refused(name):
    with pytest.raises(InputError):
        search_objective(name)
